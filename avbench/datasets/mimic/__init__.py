"""Small trees that imitate a data set as it is met: lists in their real form, media with real defects."""
