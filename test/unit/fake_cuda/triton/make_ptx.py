#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles products with Triton to the PTX texts beside this file, which TritonTest.cpp runs on the fake CUDA driver.

Code of another compiler shows that the interpreter does not only agree with our own kernels. No GPU is needed:

    python3 -m venv venv && venv/bin/pip install triton==3.6.0 && venv/bin/python make_ptx.py
"""
import pathlib
import re

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

FOLDER = pathlib.Path(__file__).parent


@triton.jit
def k(a, b, c, M, N, K, B_TRANSPOSED: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.program_id(1) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    sums = tl.zeros((BM, BN), dtype=tl.float32)
    for first in range(0, K, BK):
        ks = first + inner
        x = tl.load(a + rows[:, None] * K + ks[None, :], mask=(rows[:, None] < M) & (ks[None, :] < K), other=0.0)
        if B_TRANSPOSED:
            y = tl.load(b + columns[None, :] * K + ks[:, None], mask=(columns[None, :] < N) & (ks[:, None] < K), other=0.0)
        else:
            y = tl.load(b + ks[:, None] * N + columns[None, :], mask=(columns[None, :] < N) & (ks[:, None] < K), other=0.0)
        sums = tl.dot(x, y, sums)
    tl.store(c + rows[:, None] * N + columns[None, :], sums, mask=(rows[:, None] < M) & (columns[None, :] < N))


@triton.jit
def k_tma(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m, n = tl.program_id(0) * BM, tl.program_id(1) * BN
    sums = tl.zeros((BM, BN), dtype=tl.float32)
    for first in tl.range(0, K, BK, warp_specialize=False):
        sums = tl.dot(a.load([m, first]), b.load([n, first]).T, sums)
    rows, columns = m + tl.arange(0, BM), n + tl.arange(0, BN)
    tl.store(c + rows[:, None] * N + columns[None, :], sums, mask=(rows[:, None] < M) & (columns[None, :] < N))


def write(name, source, capability, warps, stages):
    kernel = triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": warps, "num_stages": stages})
    lines = []
    for line in kernel.asm["ptx"].split("\t.section\t.debug")[0].splitlines():
        line = re.sub(r"\s*//.*", "", line).rstrip()
        if line.strip() and not re.match(r"\s*\.(loc|file)\b|\$L__(func|tmp)\w*:", line):
            lines.append(line.replace("k_tma", "k"))
    header = f"// SPDX-License-Identifier: Apache-2.0\n// Made by make_ptx.py with Triton {triton.__version__}.\n// shared {kernel.metadata.shared}, warps {warps}\n"
    (FOLDER / f"{name}.ptx").write_text(header + "\n".join(lines) + "\n")


def product(name, capability, transposed, element, warps, stages, tile):
    bm, bn, bk = tile
    signature = {"a": "*" + element, "b": "*" + element, "c": "*fp32", "M": "i32", "N": "i32", "K": "i32"}
    constants = {"B_TRANSPOSED": transposed, "BM": bm, "BN": bn, "BK": bk}
    # Sizes and addresses are multiples of 16.
    attributes = {(i,): [["tt.divisibility", 16]] for i in range(6)}
    signature |= {constant: "constexpr" for constant in constants}
    write(name, ASTSource(fn=k, signature=signature, constexprs=constants, attrs=attributes), capability, warps, stages)


product("sm80_f16", 80, 1, "fp16", 4, 3, (64, 64, 32))
product("sm80_f16_rows", 80, 0, "fp16", 4, 3, (64, 64, 32))
product("sm80_tf32", 80, 1, "fp32", 4, 3, (64, 64, 32))
product("sm90_f16", 90, 1, "fp16", 4, 3, (128, 128, 64))
product("sm90_bf16_rows", 90, 0, "bf16", 4, 3, (64, 128, 64))
tensor = "tensordesc<fp16[128, 64]>"
signature = {"a": tensor, "b": tensor, "c": "*fp32", "M": "i32", "N": "i32", "K": "i32", "BM": "constexpr", "BN": "constexpr", "BK": "constexpr"}
write("sm90_f16_tma", ASTSource(fn=k_tma, signature=signature, constexprs={"BM": 128, "BN": 128, "BK": 64}), 90, 4, 3)
