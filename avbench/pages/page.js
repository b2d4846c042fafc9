// A play-head on what is heard, the picture in time with it, and one sound at a time. All works without, less so.
"use strict";
const seconds = Number(document.querySelector("[data-seconds]").dataset.seconds);
const players = [...document.querySelectorAll("audio, video")];

for (const clip of document.querySelectorAll(".clip")) {
  const video = clip.querySelector("video");
  const figures = [...clip.querySelectorAll(".sound")];
  const sounds = figures.map((figure) => figure.querySelector("audio"));
  const follow = (player, figure) => {
    const head = figure.querySelector(".head");
    head.hidden = false;
    head.style.left = `${(100 * player.currentTime) / seconds}%`;
    if (!player.paused) requestAnimationFrame(() => follow(player, figure));
  };
  const alone = (player, companion) => {
    for (const other of players) if (other !== player && other !== companion) other.pause();
    for (const head of document.querySelectorAll(".head")) head.hidden = true;
  };
  figures.forEach((figure, index) => {
    const sound = sounds[index];
    const align = () => {
      if (video) video.currentTime = sound.currentTime;
    };
    sound.addEventListener("play", () => {
      alone(sound, video);
      align();
      if (video) {
        video.muted = true;
        video.play().catch(() => {});
      }
      follow(sound, figure);
    });
    sound.addEventListener("pause", () => {
      if (video && sounds.every((each) => each.paused)) video.pause();
    });
    sound.addEventListener("seeked", () => {
      align();
      follow(sound, figure);
    });
    figure.querySelector(".heard").addEventListener("click", (event) => {
      const box = figure.querySelector(".heard").getBoundingClientRect();
      sound.currentTime = ((event.clientX - box.left) / box.width) * seconds;
      sound.play().catch(() => {});
    });
  });
  video?.addEventListener("play", () => {
    if (sounds.some((each) => !each.paused)) return;
    video.muted = false;
    alone(video);
    follow(video, figures[1]);
  });
}
