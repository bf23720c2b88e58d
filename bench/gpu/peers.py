# SPDX-License-Identifier: Apache-2.0
"""The same models in PyTorch, and what the card can do. Only where PyTorch with CUDA is installed."""
import statistics

import torch
from torch.nn import functional


def median_ms(run, repeat=30, warm=5):
    """Milliseconds of `run`, by the events of the GPU."""
    for _ in range(warm):
        run()
    times = []
    for _ in range(repeat):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def graphed(run):
    """`run` as one CUDA graph."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def ceilings(n=8192):
    """What products of n x n x n, copies and launches reach."""
    found = {}
    for name, dtype, is_reduced in ("f32", torch.float32, False), ("tf32", torch.float32, True), ("f16", torch.float16, False), ("bf16", torch.bfloat16, False):
        torch.backends.cuda.matmul.allow_tf32 = is_reduced
        a, b = (torch.randn(n, n, device="cuda", dtype=dtype) for _ in range(2))
        found[f"{name} TFLOP/s"] = 2e-9 * n**3 / median_ms(lambda: a @ b)
    torch.backends.cuda.matmul.allow_tf32 = False
    a, b = (torch.empty(1 << 28, device="cuda") for _ in range(2))
    found["copy TB/s"] = 2 * a.numel() * 4 / median_ms(lambda: b.copy_(a)) / 1e9
    x = torch.zeros(16, device="cuda")
    found["launch us"] = median_ms(lambda: [x.add_(1) for _ in range(200)]) / 200 * 1e3
    return found


def module(model, weights):
    """The layers of `model` as a function, with `weights`, arrays by name."""
    tensors = {name: torch.tensor(array, device="cuda") for name, array in weights.items()}
    activations = {"relu": functional.relu, "tanh": torch.tanh, "softmax": lambda x: functional.softmax(x, -1), None: lambda x: x}

    def run(x):
        for layer in model["layers"]:
            if layer["op"] == "flatten":
                x = x.flatten(1)
                continue
            if layer["op"] == "average_pool2d":
                x = functional.avg_pool2d(x, layer["size"])
                continue
            weight, bias = tensors[layer["name"] + ".weight"], tensors[layer["name"] + ".bias"]
            if layer["op"] == "dense":
                x = functional.linear(x, weight, bias)
            else:
                x = functional.conv2d(x, weight, bias, padding=layer["padding"])
            x = activations[layer.get("activation")](x)
        return x

    return run


def measure(model, weights, x):
    """The output in f32, and milliseconds of PyTorch's ways to run the model."""
    run, x = module(model, weights), torch.tensor(x, device="cuda")
    times = {}
    with torch.no_grad():
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        result = run(x).cpu().numpy()
        times["eager"] = median_ms(lambda: run(x))
        times["graph"] = median_ms(graphed(lambda: run(x)))
        try:
            compiled = torch.compile(run, mode="max-autotune")
            times["compiled"] = median_ms(lambda: compiled(x))
        except Exception as error:  # it needs a C compiler, above all
            print(f"torch.compile: {type(error).__name__}: {str(error)[:200]}")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        times["tf32"] = median_ms(graphed(lambda: run(x)))
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return result, times
