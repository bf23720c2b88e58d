# SPDX-License-Identifier: Apache-2.0
"""f32 cases in f16 and with integers: as ONNX Runtime's quantizers, its transformer optimizer and onnxconverter-common write them."""
import os
import pathlib
import subprocess
import sys

from cases import CASES, Case, add


def original_file(name):
    """The file of the f32 case, written if it is not there."""
    path = pathlib.Path(os.environ["DLC_MODELS_WORK"]) / "files" / f"{name}.onnx"
    if not path.exists():
        subprocess.run([sys.executable, pathlib.Path(__file__).with_name("one_model.py"), "write", name, path], check=True)
    return path


def derived(kind, name, convert, **options):
    case = CASES.get(name)
    if case:
        write = lambda _, path: convert(case, original_file(name), path)
        add(Case(f"{name}.{kind}", "quantized", write, options.pop("feeds", case.feeds), sizes=case.sizes, original=name, **options))


def dynamic(case, source, path):
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(str(source), str(path))


def static(per_channel, form, activations="QUInt8"):
    def convert(case, source, path):
        from onnxruntime import quantization as q

        class Reader(q.CalibrationDataReader):
            def __init__(self):
                self.left = iter([case.inputs(0), case.inputs(2)])

            def get_next(self):
                return next(self.left, None)

        q.quantize_static(
            str(source), str(path), Reader(), quant_format=getattr(q.QuantFormat, form), per_channel=per_channel,
            activation_type=getattr(q.QuantType, activations), weight_type=q.QuantType.QInt8,
        )  # fmt: skip

    return convert


def half(case, source, path):
    import onnx
    from onnxconverter_common import float16

    onnx.save(float16.convert_float_to_float16(onnx.load(str(source)), keep_io_types=True), str(path))


def four_bits(case, source, path):
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=16, is_symmetric=True)
    quantizer.process()
    onnx.save(quantizer.model.model, str(path))


def fused(model_type):
    def convert(case, source, path):
        from onnxruntime.transformers import optimizer

        optimizer.optimize_model(str(source), model_type, num_heads=4, hidden_size=32, opt_level=0).save_model_to_file(str(path))

    return convert


for name in ("bert", "gpt2", "lstm", "transformer_encoder", "perceptron", "mobilenet_v2"):
    derived("dynamic", name, dynamic)
for name in ("mobilenet_v2", "resnet18", "unet_transposed", "perceptron", "bert"):
    derived("qdq", name, static(False, "QDQ"))
for name in ("mobilenet_v3_small", "resnet18"):
    derived("qdq_per_channel", name, static(True, "QDQ", "QInt8"))
for name in ("resnet18", "perceptron", "unet_transposed"):
    derived("qoperator", name, static(False, "QOperator"))
for name in ("bert", "gpt2", "whisper_encoder", "resnet18", "vit", "gru", "llama"):
    derived("f16", name, half)
for name in ("llama", "gpt2"):
    derived("4bit", name, four_bits)
for name, model_type in (("bert", "bert"), ("gpt2", "gpt2"), ("roberta", "bert"), ("vit", "vit"), ("distilbert", "bert")):
    derived("fused", name, fused(model_type))
