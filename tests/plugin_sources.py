"""The source of a plugin module with one model, for tests that make plugins on the spot."""

MODEL = """
from avbench import ModelInputs, ModelRecord, hookimpl

@hookimpl
def avbench_models():
    return [ModelRecord(name={name!r}, summary="A model.", load=lambda device: None,
                        inputs=ModelInputs(video=None, audio=None), capabilities=("retrieval",))]
"""
