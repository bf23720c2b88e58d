// SPDX-License-Identifier: Apache-2.0
// What lanes and warps do together: branches, calls, shuffles, votes, reductions at barriers, atomics, matrix products.
#include "test/unit/fake_cuda/PtxProgram.h"

using namespace fake_cuda;

namespace {

std::vector<uint32_t> run(const std::string &body, uint32_t blocks, uint32_t threads, const std::string &before = "",
                          uint64_t seed = 0) {
  PtxProgram program(ptxKernel(1, body + "\nmad.wide.u32 %o, %i, 4, %p0;\nst.global.u32 [%o], %r9;", before));
  uint64_t result = program.addResult<uint32_t>(size_t{blocks} * threads);
  program.run(blocks, threads, seed);
  return program.read<uint32_t>(result, size_t{blocks} * threads);
}

TEST(FakeCudaWarps, BranchesMeetAgain) {
  // Collatz steps: every lane leaves the loop at another time, then all shuffle.
  std::string body = "add.u32 %r1, %i, 1;\nmov.u32 %r9, 0;\nLOOP: setp.eq.u32 %q0, %r1, 1;\n@%q0 bra DONE;\nadd.u32 "
                     "%r9, %r9, 1;\nand.b32 %r2, %r1, 1;\n"
                     "setp.eq.u32 %q1, %r2, 0;\n@%q1 bra EVEN;\nmad.lo.u32 %r1, %r1, 3, 1;\nbra LOOP;\nEVEN: shr.u32 "
                     "%r1, %r1, 1;\nbra LOOP;\n"
                     "DONE: shfl.sync.bfly.b32 %r9, %r9, 1, 31, -1;";
  std::vector<uint32_t> results = run(body, 2, 64);
  for (uint32_t i = 0; i < 128; ++i) {
    uint32_t steps = 0;
    for (uint32_t x = (i ^ 1) + 1; x != 1; x = x % 2 ? 3 * x + 1 : x / 2)
      ++steps;
    EXPECT_EQ(results[i], steps) << i;
  }
}

TEST(FakeCudaWarps, Calls) {
  std::string function = ".func (.param .b32 result) twice(.param .b32 x, .param .b64 y)\n{\n.reg .b32 %a;\n.reg .b64 "
                         "%b;\nld.param.u32 %a, [x];\nld.param.u64 %b, [y];\n"
                         "cvt.u32.u64 %a, %b;\nadd.u32 %a, %a, %a;\nst.param.b32 [result], %a;\nret;\n}\n";
  std::string body =
      "and.b32 %r1, %i, 1;\nsetp.eq.u32 %q0, %r1, 0;\nmov.u32 %r9, 5;\ncvt.u64.u32 %d1, %i;\n@%q0 bra END;\n{\n.param "
      ".b32 p;\n.param .b64 q;\n.param .b32 r;\n"
      "st.param.b32 [p], %i;\nst.param.b64 [q], %d1;\ncall.uni (r), twice, (p, q);\nld.param.b32 %r9, [r];\n}\nEND:";
  std::vector<uint32_t> results = run(body, 1, 48, function);
  for (uint32_t i = 0; i < 48; ++i)
    EXPECT_EQ(results[i], i % 2 ? 2 * i : 5) << i;
}

TEST(FakeCudaWarps, ShufflesAndVotes) {
  std::vector<uint32_t> down = run("shfl.sync.down.b32 %r9, %i, 3, 0x1f, 0xffffffff;", 1, 32);
  std::vector<uint32_t> up = run("shfl.sync.up.b32 %r9|%q2, %i, 5, 0, -1;\n@!%q2 mov.u32 %r9, 99;", 1, 32);
  std::vector<uint32_t> quarter = run("shfl.sync.idx.b32 %r9, %i, 2, 0x181f, -1;", 1, 32);
  std::vector<uint32_t> ballot = run("setp.gt.u32 %q0, %i, 20;\nvote.sync.ballot.b32 %r9, %q0, -1;", 1, 32);
  std::vector<uint32_t> sum = run("redux.sync.add.u32 %r9, %i, -1;", 1, 32);
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(down[i], i + 3 < 32 ? i + 3 : i);
    EXPECT_EQ(up[i], i >= 5 ? i - 5 : 99);
    EXPECT_EQ(quarter[i], i / 8 * 8 + 2);
    EXPECT_EQ(ballot[i], 0xffe00000);
    EXPECT_EQ(sum[i], 496u);
  }
}

TEST(FakeCudaWarps, BarriersAndAtomics) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    std::vector<uint32_t> counts = run("setp.lt.u32 %q0, %t, 77;\nbar.red.popc.u32 %r9, 0, %q0;", 2, 160, "", seed);
    EXPECT_EQ(counts, std::vector<uint32_t>(320, 77));
    // Two halves of the block meet at barriers of their own; a counter in shared memory counts all threads.
    std::vector<uint32_t> total =
        run("setp.eq.u32 %q0, %t, 0;\n@%q0 st.shared.u32 [n], 0;\nbar.sync 0;\natom.shared.add.u32 %r1, [n], 1;\n"
            "shr.u32 %r2, %t, 6;\nadd.u32 %r2, %r2, 1;\nbar.sync %r2, 64;\nbar.sync 0;\nld.shared.u32 %r9, [n];",
            1, 128, ".shared .align 4 .b8 n[4];\n", seed);
    EXPECT_EQ(total, std::vector<uint32_t>(128, 128));
  }
}

TEST(FakeCudaWarps, SpinLoopsEnd) {
  // Lane 0 waits for what a later lane of its warp does.
  std::vector<uint32_t> results = run("setp.eq.u32 %q0, %t, 0;\n@!%q0 bra WRITE;\nSPIN: ld.volatile.shared.u32 %r9, "
                                      "[flag];\nsetp.ne.u32 %q1, %r9, 7;\n@%q1 bra SPIN;\nbra END;\n"
                                      "WRITE: mov.u32 %r9, 7;\nst.volatile.shared.u32 [flag], %r9;\nEND:",
                                      1, 32, ".shared .align 4 .b8 flag[4];\n");
  EXPECT_EQ(results, std::vector<uint32_t>(32, 7));
}

/// mma.sync of every shape, with operands laid out by the tables of the PTX manual.
void checkProduct(const std::string &shape, unsigned k, unsigned bytes, const std::string &type) {
  SCOPED_TRACE(shape + type);
  unsigned groups = k * bytes / 16;
  std::string a, b, load;
  for (unsigned i = 0; i < 2 * groups; ++i) {
    a += (i ? ", %r" : "%r") + std::to_string(10 + i);
    load += "ld.global.b32 %r" + std::to_string(10 + i) + ", [%d1+" + std::to_string(4 * i) + "];\n";
  }
  for (unsigned i = 0; i < groups; ++i) {
    b += (i ? ", %r" : "%r") + std::to_string(20 + i);
    load += "ld.global.b32 %r" + std::to_string(20 + i) + ", [%d2+" + std::to_string(4 * i) + "];\n";
  }
  bool isInteger = type == "s8";
  std::string accumulators = isInteger ? "{%r30, %r31, %r32, %r33}" : "{%f30, %f31, %f32, %f33}";
  PtxProgram program(ptxKernel(
      4, "mad.wide.u32 %d1, %t, " + std::to_string(8 * groups) + ", %p0;\nmad.wide.u32 %d2, %t, " +
             std::to_string(4 * groups) + ", %p1;\nmad.wide.u32 %d3, %t, 16, %p2;\nmad.wide.u32 %d4, %t, 16, %p3;\n" +
             load + "ld.global.v4.b32 " + accumulators + ", [%d3];\nmma.sync.aligned." + shape + ".row.col." +
             (isInteger ? "s32.s8.s8.s32 " : "f32." + type + "." + type + ".f32 ") + accumulators + ", {" + a + "}, {" +
             b + "}, " + accumulators + ";\nst.global.v4.b32 [%d4], " + accumulators + ";"));
  std::mt19937 random(3);
  // Small integers: exact in every type.
  std::vector<int> left(size_t{16} * k), right(size_t{k} * 8), sums(128);
  for (auto *matrix : {&left, &right, &sums})
    for (int &value : *matrix)
      value = static_cast<int>(random() % 17) - 8;
  auto encode = [&](int value, uint8_t *to) {
    float f = static_cast<float>(value);
    if (type == "f16") {
      auto half = static_cast<_Float16>(f);
      memcpy(to, &half, 2);
    } else if (type == "bf16") {
      memcpy(to, reinterpret_cast<uint8_t *>(&f) + 2, 2);
    } else if (type == "tf32") {
      memcpy(to, &f, 4);
    } else {
      *to = static_cast<uint8_t>(value);
    }
  };
  unsigned pair = 4 / bytes;
  std::vector<uint8_t> fragmentsA(size_t{256} * groups), fragmentsB(size_t{128} * groups);
  std::vector<uint32_t> fragmentsC(128);
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < 2 * groups; ++i)
      for (unsigned e = 0; e < pair; ++e)
        encode(left[(lane / 4 + (i & 1) * 8) * k + (lane % 4) * pair + e + (i >> 1) * 4 * pair],
               &fragmentsA[(lane * 2 * groups + i) * 4 + e * bytes]);
    for (unsigned i = 0; i < groups; ++i)
      for (unsigned e = 0; e < pair; ++e)
        encode(right[((lane % 4) * pair + e + i * 4 * pair) * 8 + lane / 4],
               &fragmentsB[(lane * groups + i) * 4 + e * bytes]);
    for (unsigned i = 0; i < 4; ++i) {
      int value = sums[(lane / 4 + (i >> 1) * 8) * 8 + lane % 4 * 2 + (i & 1)];
      float f = static_cast<float>(value);
      memcpy(&fragmentsC[lane * 4 + i], isInteger ? static_cast<void *>(&value) : &f, 4);
    }
  }
  program.add(fragmentsA);
  program.add(fragmentsB);
  program.add(fragmentsC);
  uint64_t result = program.addResult<uint32_t>(128);
  program.run(1, 32);
  std::vector<uint32_t> results = program.read<uint32_t>(result, 128);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      unsigned m = lane / 4 + (i >> 1) * 8, n = lane % 4 * 2 + (i & 1);
      int expected = sums[m * 8 + n];
      for (unsigned x = 0; x < k; ++x)
        expected += left[m * k + x] * right[x * 8 + n];
      float f;
      memcpy(&f, &results[lane * 4 + i], 4);
      EXPECT_EQ(isInteger ? static_cast<int>(results[lane * 4 + i]) : static_cast<int>(f), expected) << m << ", " << n;
    }
}

TEST(FakeCudaWarps, MatrixProducts) {
  checkProduct("m16n8k16", 16, 2, "f16");
  checkProduct("m16n8k8", 8, 2, "f16");
  checkProduct("m16n8k16", 16, 2, "bf16");
  checkProduct("m16n8k8", 8, 4, "tf32");
  checkProduct("m16n8k4", 4, 4, "tf32");
  checkProduct("m16n8k16", 16, 1, "s8");
  checkProduct("m16n8k32", 32, 1, "s8");
}
} // namespace
