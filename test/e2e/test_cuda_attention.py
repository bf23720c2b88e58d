# SPDX-License-Identifier: Apache-2.0
"""dlc.attention by the templates of backends/cuda/kernels, on the fake driver of test/fake_cuda against NumPy in f64: lengths that fill no
tile, grouped heads, masks, windows, lengths, extents that a run decides, infinities and NaN. And what ptxas makes of the instances."""
import random
import re
import subprocess

import numpy as np
import pytest
from sampling import only_in_full, sample
from test_attention import Case, attend, compare, inputs_of, write_model
from test_cuda import PTXAS, device_code, needs_fake, needs_ptxas, on_fake, run_in
from test_cuda_tensors import run_python

# f32 is 3xTF32 or multiply-add; of 16 bits the exponentials are rounded before they multiply.
TOLERANCE = {"f32": 1e-5, "f16": 2e-3, "bf16": 1.2e-2}
# Element, target, capability, options: tensor cores, and multiply-add.
FAMILIES = [
    ("f32", "cuda-sm_80", 80, []),
    ("f16", "cuda-sm_90", 90, []),
    ("bf16", "cuda-sm_80", 80, []),
    ("f16", "cuda-sm_75", 75, []),
    ("f32", "cuda-sm_75", 75, []),
    ("f16", "cuda-sm_80", 80, ["--math=strict"]),
    ("bf16", "cuda-sm_75", 75, []),
]
# Batch, heads, queries, size, and what else a case has.
SHAPES = [
    (2, 4, 17, 64, dict(keys=129, groups=2, value_size=24, left=40, right=3)),
    (1, 2, 5, 5, dict(keys=67, right=0, from_end=True)),
    # Every tile of a whole GPU has 128 rows; six heads share their keys.
    (132, 6, 3, 64, dict(groups=1, keys=70, right=0, from_end=True)),
    (2, 3, 20, 8, dict(keys=37, mask=("f32", (2, 1, 1, 37)))),
    (1, 2, 1, 96, dict(keys=200, softcap=2.5, offset=-7, left=150)),
    (5, 2, 9, 32, dict(keys=150, lengths=True, right=0, from_end=True)),
    (1, 3, 70, 128, dict(keys=1)),
    (2, 3, 20, 40, dict(keys=37, mask=("i1", (3, 20, 37)), right=12)),
    # Some queries attend to no key.
    (1, 2, 40, 33, dict(keys=13, right=0, from_end=True, scale=-0.3)),
    (1, 1, 67, 1, dict(mask=("f16", ()))),
    (2, 2, 3, 128, dict(keys=90, value_size=72, lengths=True, mask=("i1", (2, 1, 3, 90)))),
    (1, 2, 7, 16, dict(left=2**31, right=2**63 - 1, offset=-(2**32), from_end=True)),
]  # fmt: skip
DYNAMIC = [
    ("B", 2, "S", 8, dict(keys="T", right=0, from_end=True)),
    ("B", 4, 1, 24, dict(keys="T", groups=2, lengths=True)),
    ("B", 2, "S", 40, dict(keys="T", mask=("f32", ("B", 1, 1, "T")))),
]


def cases_of(shapes, kind):
    return [Case(*extents, kind=kind, **rest) for *extents, rest in shapes]


def random_shape(turn):
    """A shape within some tiles, from a seed."""
    choose = random.Random(turn)
    groups, ratio = choose.randint(1, 3), choose.choice([1, 1, 2, 5])
    rest = dict(keys=choose.randint(1, 150), groups=groups, value_size=choose.randint(1, 128))
    for name in "left", "right":
        if choose.random() < 0.4:
            rest[name] = choose.randint(0, 80)
    rest |= dict(offset=choose.randint(-20, 60), from_end=choose.random() < 0.5, lengths=choose.random() < 0.3)
    return choose.randint(1, 3), groups * ratio, choose.randint(1, 90), choose.randint(1, 128), rest


def compile_cases(programs, cases, target, *options):
    write_model(programs.folder / "model.mlir", cases)
    library = programs.compile("model.mlir", "model.so", f"--target={target}", *options)
    assert sum(".entry attention(" in text for text in device_code(library)) == len(cases)
    return library


def check(programs, cases, library, capability, seed, alter=lambda arrays: None, **symbols):
    """Runs all cases; `alter` changes the operands of each, as files hold them. Returns what they give."""
    filled = [case.fill(np.random.default_rng(seed), symbols) for case in cases]
    for stored, _ in filled:
        alter(stored)
    names = [f"y{i}" for i in range(len(cases))]
    got = run_in(programs, on_fake(capability=capability, seed=seed), library, inputs_of(filled), names)
    for name, case, (_, numbers) in zip(names, cases, filled):
        compare(case, numbers, got[name], TOLERANCE, where=symbols)
    return got


@needs_fake
@pytest.mark.parametrize("turn, family", list(enumerate(FAMILIES)))
def test_shapes(programs, turn, family):
    kind, target, capability, options = family
    shapes = sample(SHAPES, 3, turn) + [random_shape(turn)] + only_in_full(map(random_shape, range(100, 110)))
    cases = cases_of(shapes, kind)
    check(programs, cases, compile_cases(programs, cases, target, *options), capability, seed=turn + 1)


@needs_fake
@pytest.mark.parametrize("kind, target, capability, options", sample(FAMILIES, 1, 0))
def test_dynamic(programs, kind, target, capability, options):
    cases = cases_of(DYNAMIC, kind)
    library = compile_cases(programs, cases, target, *options)
    for batch, queries, keys in (1, 1, 1), (2, 7, 131), (3, 64, 0), (0, 5, 31), (2, 0, 3):
        check(programs, cases, library, capability, seed=2, B=batch, S=queries, T=keys)


@needs_fake
@pytest.mark.parametrize("kind, target, capability, options", sample([family for family in FAMILIES if family[0] != "bf16"], 2, 0))
def test_infinities_and_nan(programs, kind, target, capability, options):
    """Where a query attends to them they are in its result, elsewhere they are not."""
    lowest = -3.0e38 if kind == "f32" else -6e4
    shapes = [
        (1, 1, 70, 40, dict(keys=70, right=0)),
        (1, 1, 20, 16, dict(keys=80, mask=(kind, (20, 80)))),
        (2, 1, 9, 8, dict(keys=66, lengths=True, mask=("i1", (9, 66)))),
    ]

    def alter(arrays):
        query, key, value = arrays[:3]
        if len(arrays) == 3:
            query[0, 0, 3, 0], key[0, 0, 60, 7], key[0, 0, 65, 1] = np.nan, np.inf, -np.inf
            value[0, 0, 66, 4], value[0, 0, 64, 5], value[0, 0, 67, 5], value[0, 0, 68, 6] = np.inf, np.inf, -np.inf, np.nan
        elif len(arrays) == 4:
            # Queries without keys, by infinities and by large numbers, which leave all keys alike.
            arrays[3][4], arrays[3][5] = -np.inf, lowest
            arrays[3][:, 70:] = -np.inf
            key[0, 0, 70], value[0, 0, 71], value[0, 0, 2, 2] = np.nan, np.nan, np.inf
        else:
            arrays[3][:, 11], arrays[4][:] = False, (66, 0)
            key[:, :, 11], value[:, :, 11], value[0, 0, 7, 3] = np.inf, np.nan, -np.inf
            arrays[3][4, 7] = False

    cases = cases_of(shapes, kind)
    check(programs, cases, compile_cases(programs, cases, target, *options), capability, seed=3, alter=alter)


@needs_fake
@pytest.mark.parametrize("kind, target, capability, options", sample(FAMILIES, 2, 0))
def test_same_bits_in_every_run(programs, kind, target, capability, options):
    """Three orders of warps and blocks."""
    cases = cases_of([(2, 4, 33, 64, dict(keys=150, groups=2, right=0, from_end=True))], kind)
    library = compile_cases(programs, cases, target, *options)
    filled = [case.fill(np.random.default_rng(1), {}) for case in cases]
    runs = [run_in(programs, on_fake(capability=capability, seed=seed), library, inputs_of(filled), ["y0"])["y0"] for seed in (1, 2, 3)]
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


TRANSPOSED = """func.func @run(%q: tensor<2x19x3x40xf16> {dlc.name = "q"}, %k: tensor<2x66x3x40xf16> {dlc.name = "k"})
    -> (tensor<2x19x3x40xf16> {dlc.name = "y"}) {
  %0 = dlc.transpose %q {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x19x3x40xf16>) -> tensor<2x3x19x40xf16>
  %1 = dlc.transpose %k {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x66x3x40xf16>) -> tensor<2x3x66x40xf16>
  %2 = dlc.attention %0, %1, %1 {scale = 0.25 : f64} : (tensor<2x3x19x40xf16>, tensor<2x3x66x40xf16>, tensor<2x3x66x40xf16>) -> tensor<2x3x19x40xf16>
  %3 = dlc.transpose %2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x3x19x40xf16>) -> tensor<2x19x3x40xf16>
  return %3 : tensor<2x19x3x40xf16>
}
"""


@needs_fake
def test_transposes_around_attention_take_no_kernels(programs):
    (programs.folder / "model.mlir").write_text(TRANSPOSED)
    library = programs.compile("model.mlir", "model.so", "--target=cuda-sm_80")
    (code,) = device_code(library)
    assert ".entry attention(" in code
    generator = np.random.default_rng(4)
    inputs = {name: generator.standard_normal((2, length, 3, 40)).astype(np.float16) for name, length in (("q", 19), ("k", 66))}
    result = run_in(programs, on_fake(capability=80, seed=4), library, inputs, ["y"])["y"]
    query, key = (inputs[name].swapaxes(1, 2) for name in "qk")
    np.testing.assert_allclose(result.swapaxes(1, 2), attend(query, key, key, scale=0.25), rtol=0, atol=2e-3)


UNALIGNED = """
model = dlc.Model(sys.argv[1])
arrays = [random.standard_normal((1, 2, length, 64)).astype(np.float16) for length in (9, 70, 70)]
expected = model.run({f"x0_{i}": array for i, array in enumerate(arrays)})["y0"]
for moved in range(4):
    inputs = {f"x0_{i}": DeviceArray(driver, array, 2 if i == moved else 0) for i, array in enumerate(arrays)}
    output = DeviceArray(driver, np.zeros_like(expected), 2 if moved == 3 else 0)
    model.run(inputs, outputs={"y0": output})
    np.testing.assert_array_equal(output.numpy(), expected)
"""


@needs_fake
def test_tensors_at_any_address(programs):
    """Rows that do not begin at multiples of 16 bytes are read and written element by element: the same bits."""
    library = compile_cases(programs, cases_of([(1, 2, 9, 64, dict(keys=70))], "f16"), "cuda-sm_80")
    run_python(UNALIGNED, library, capability=80)


@needs_fake
@pytest.mark.parametrize("kind, target, capability, options", sample([FAMILIES[number] for number in (1, 0, 3, 4)], 1, 0))
def test_every_wait_is_needed(programs, kind, target, capability, options):
    """Without any one of its barriers and waits the kernel fails. The fake driver runs the lanes of a warp together, so that they need not wait
    for each other there."""
    cases = cases_of([(1, 1, 20, 64, dict(keys=200))], kind)
    library = compile_cases(programs, cases, target, *options)
    inputs = inputs_of([cases[0].fill(np.random.default_rng(1), {})])
    code = library.read_bytes()
    begin, narrow = code.index(b".entry attention("), code.index(b".entry attention_narrow(")
    end = narrow if narrow > begin else code.index(b"\0", begin)
    waits = list(re.finditer(rb"bar\.sync\s+0;|cp\.async\.wait_group 0;", code[begin:end]))
    assert len(waits) >= 2
    for wait in waits:
        first, last = begin + wait.start(), begin + wait.end()
        library.write_bytes(code[:first] + b" " * (last - first) + code[last:])
        with pytest.raises(AssertionError, match="DEVICE_LOST|failed|race|uninitialized|poison"):
            run_in(programs, on_fake(capability=capability, seed=1), library, inputs, ["y0"])


@needs_fake
def test_memory_traffic(programs):
    """Requests touch few sectors beyond those that their bytes need, and banks of shared memory do not conflict."""
    log = programs.folder / "log"
    for kind in "f16", "f32":
        cases = cases_of([(1, 2, 128, 64, {})], kind)
        library = compile_cases(programs, cases, "cuda-sm_80")
        filled = [case.fill(np.random.default_rng(1), {}) for case in cases]
        run_in(programs, on_fake(capability=80, log=log), library, inputs_of(filled), ["y0"])
        counts = re.search(r"attention .* (\d+) sectors \(least (\d+)\), (\d+) shared passes \(least (\d+)\)", log.read_text())
        log.unlink()
        sectors, fewest_sectors, passes, fewest_passes = map(int, counts.groups())
        assert sectors <= 1.1 * fewest_sectors and passes <= 1.1 * fewest_passes, kind


@needs_fake
def test_report_says_how_attention_is_computed(programs):
    write_model(programs.folder / "model.mlir", cases_of([(1, 2, 9, 64, {}), (1, 2, 9, 256, {})], "f16"))
    result = programs.run("dlc", "model.mlir", "-o", "model.so", "--target=cuda-sm_80", "--report=page.html")
    assert result.returncode == 0, result.stderr
    page = (programs.folder / "page.html").read_text()
    assert "tensor cores, f16, tiles of 64 rows" in page
    assert "one thread per element: its heads are larger than 128" in page


# Registers of a thread, of 65536 for all threads of a multiprocessor: the budgets, by target, element, and whether there are blocks enough for
# tiles of 128 rows.
REGISTERS = {
    ("sm_75", "f32", False): 240, ("sm_80", "f32", False): 200, ("sm_75", "f16", False): 248, ("sm_80", "f16", False): 255,
    ("sm_80", "f16", True): 255, ("sm_80", "bf16", False): 255, ("sm_80", "bf16", True): 255,
}  # fmt: skip


@needs_ptxas
@pytest.mark.parametrize("turn, instance", list(enumerate(REGISTERS)))
def test_ptxas_needs_no_stack(programs, turn, instance):
    target, element, is_large = instance
    batch = 132 if is_large else 1
    for size in sample([128, 64, 96, 32], 1, turn):
        # Masks, which are loaded, take the most registers: too many for tiles of 128 rows.
        rest = {} if is_large else dict(mask=("f32", (50, 300)))
        shape = (batch, 1, 50, size, dict(keys=300, right=0, from_end=True, **rest))
        (code,) = device_code(compile_cases(programs, cases_of([shape], element), f"cuda-{target}"))
        (programs.folder / "attention.ptx").write_text(code)
        for architecture in sample({"sm_75": ["sm_75", "sm_80"], "sm_80": ["sm_80", "sm_90", "sm_120"]}[target], 2, turn):
            result = subprocess.run(
                [PTXAS, "-v", f"-arch={architecture}", programs.folder / "attention.ptx", "-o", programs.folder / "attention.cubin"],
                capture_output=True, text=True, timeout=600,
            )  # fmt: skip
            assert result.returncode == 0, result.stderr
            assert not re.search(r"[1-9]\d* bytes (stack frame|spill)", result.stderr), f"{size} {result.stderr}"
            used = [int(number) for number in re.findall(r"Used (\d+) registers", result.stderr)]
            assert used and max(used) <= REGISTERS[instance], f"{size} {result.stderr}"
