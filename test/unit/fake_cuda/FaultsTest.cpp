// SPDX-License-Identifier: Apache-2.0
// Faults of kernels that the interpreter must see, each beside the kernel without the fault, which must run rightly
// under several schedules.
#include "test/unit/fake_cuda/PtxProgram.h"

using namespace fake_cuda;

namespace {

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

/// The fault's message has to contain `sentence` under each of three schedules.
void expectFault(const std::string &text, const std::string &sentence, uint32_t threads, size_t resultBytes = 4096) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    PtxProgram program(text);
    program.addResult<uint8_t>(resultBytes);
    EXPECT_NE(program.fault(1, threads, seed).find(sentence), std::string::npos)
        << "seed " << seed << ": " << program.fault(1, threads, seed);
  }
}

TEST(FakeCudaFaults, Bounds) {
  std::string text = ptxKernel(1, "mad.wide.u32 %o, %i, 4, %p0;\nst.global.u32 [%o], %i;");
  PtxProgram program(text);
  uint64_t result = program.addResult<uint32_t>(33);
  EXPECT_EQ(program.fault(1, 33), "");
  EXPECT_EQ(program.read<uint32_t>(result, 33)[32], 32u);
  EXPECT_NE(program.fault(1, 34).find("outside every allocation"), std::string::npos);
  expectFault(replaced(text, "[%o]", "[%o+2]"), "misaligned", 32);
  expectFault(replaced(text, "st.global.u32 [%o], %i", "st.global.v4.u32 [%o], {%i, %i, %i, %i}"), "misaligned", 32);
  expectFault(ptxKernel(1, "st.shared.u32 [%t], %t;"), "shared address", 1);
}

/// Each thread gives its number to the next one: across warps that takes a barrier before the read, and one before the
/// memory is used again.
std::string exchange() {
  return ptxKernel(
      1,
      "mov.u32 %r1, buffer;\nshl.b32 %r2, %t, 2;\nadd.u32 %r3, %r1, %r2;\nst.shared.u32 [%r3], %t;\nbar.sync 0; // "
      "first\n"
      "add.u32 %r4, %t, 1;\nrem.u32 %r4, %r4, 128;\nshl.b32 %r4, %r4, 2;\nadd.u32 %r4, %r4, %r1;\nld.shared.u32 %r5, "
      "[%r4];\n"
      "bar.sync 0; // second\nst.shared.u32 [%r3], 7;\nmad.wide.u32 %o, %i, 4, %p0;\nst.global.u32 [%o], %r5;",
      ".shared .align 4 .b8 buffer[512];\n");
}

TEST(FakeCudaFaults, MissingBarriers) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    PtxProgram program(exchange());
    uint64_t result = program.addResult<uint32_t>(128);
    ASSERT_EQ(program.fault(1, 128, seed), "");
    std::vector<uint32_t> results = program.read<uint32_t>(result, 128);
    for (uint32_t i = 0; i < 128; ++i)
      EXPECT_EQ(results[i], (i + 1) % 128);
  }
  expectFault(replaced(exchange(), "bar.sync 0; // first", ""), "race on shared memory: ", 128);
  expectFault(replaced(exchange(), "bar.sync 0; // second", ""), "race on shared memory", 128);
  // A barrier that a branch leaves out for some lanes, and one for a count of threads that never come.
  expectFault(replaced(exchange(), "bar.sync 0; // second", "setp.lt.u32 %q0, %t, 16;\n@%q0 bar.sync 0;"), "barrier",
              128);
  expectFault(replaced(exchange(), "bar.sync 0; // second", "bar.sync 1, 160;"), "hangs", 128);
}

TEST(FakeCudaFaults, Poison) {
  // Shared memory that nobody has written is NaN.
  PtxProgram program(
      ptxKernel(1, "ld.shared.f32 %f1, [buffer];\nst.global.f32 [%p0], %f1;", ".shared .align 4 .b8 buffer[4];\n"));
  uint64_t result = program.addResult<float>(1);
  program.run(1, 1);
  EXPECT_TRUE(std::isnan(program.read<float>(result, 1)[0]));
}

/// Copies 16 bytes per thread to shared memory asynchronously and stores what the neighbor has copied.
std::string asyncCopy() {
  return ptxKernel(
      2,
      "mov.u32 %r1, buffer;\nshl.b32 %r2, %t, 4;\nadd.u32 %r3, %r1, %r2;\nmul.wide.u32 %d1, %t, 16;\nadd.u64 %d2, %p0, "
      "%d1;\n"
      "cp.async.cg.shared.global [%r3], [%d2], 16;\ncp.async.commit_group;\ncp.async.wait_group 0;\nbar.sync 0;\n"
      "xor.b32 %r4, %r2, 512;\nadd.u32 %r4, %r4, %r1;\nld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r4];\nadd.u64 %d3, "
      "%p1, %d1;\n"
      "st.global.v4.f32 [%d3], {%f1, %f2, %f3, %f4};",
      ".shared .align 16 .b8 buffer[1024];\n");
}

TEST(FakeCudaFaults, AsyncCopies) {
  std::vector<float> input = awkwardValues<float>(256, 5);
  auto run = [&](const std::string &text, std::vector<float> &results) {
    PtxProgram program(text);
    program.add(input);
    uint64_t result = program.addResult<float>(256);
    std::string fault = program.fault(1, 64);
    results = program.read<float>(result, 256);
    return fault;
  };
  std::vector<float> results;
  ASSERT_EQ(run(asyncCopy(), results), "");
  for (size_t i = 0; i < 256; ++i)
    EXPECT_TRUE(sameValue(results[i], input[i ^ 128])) << i;
  EXPECT_NE(run(replaced(asyncCopy(), "bar.sync 0;", ""), results).find("race"), std::string::npos);
  // Without the wait the numbers are wrong: the poison that was there before the copy.
  ASSERT_EQ(run(replaced(asyncCopy(), "cp.async.wait_group 0;", "cp.async.wait_group 1;"), results), "");
  for (size_t i = 0; i < 256; ++i)
    EXPECT_TRUE(std::isnan(results[i])) << i;
}

/// One thread copies 1024 bytes by a bulk copy that an mbarrier awaits; all threads read them.
std::string bulkCopy() {
  return ptxKernel(2,
                   "mov.u32 %r1, buffer;\nmov.u32 %r2, bar;\nsetp.eq.u32 %q0, %t, 0;\n@%q0 "
                   "mbarrier.init.shared::cta.b64 [%r2], 1;\nbar.sync 0; // init\n"
                   "@%q0 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r2], 1024;\n"
                   "@%q0 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%p0], 1024, [%r2];\n"
                   "WAIT: mbarrier.try_wait.parity.shared::cta.b64 %q1, [%r2], 0;\n@!%q1 bra WAIT;\n"
                   "shl.b32 %r3, %t, 4;\nadd.u32 %r3, %r3, %r1;\nld.shared.v4.f32 {%f1, %f2, %f3, %f4}, "
                   "[%r3];\nmul.wide.u32 %d1, %t, 16;\n"
                   "add.u64 %d3, %p1, %d1;\nst.global.v4.f32 [%d3], {%f1, %f2, %f3, %f4};",
                   ".shared .align 128 .b8 buffer[1024];\n.shared .align 8 .b8 bar[8];\n");
}

TEST(FakeCudaFaults, BulkCopies) {
  std::vector<float> input = awkwardValues<float>(256, 6);
  auto fault = [&](const std::string &text, uint64_t seed, bool hasToBeRight = false) {
    PtxProgram program(text);
    program.add(input);
    uint64_t result = program.addResult<float>(256);
    program.options.maxInstructions = 1 << 20;
    std::string message = program.fault(1, 64, seed);
    if (hasToBeRight) {
      std::vector<float> results = program.read<float>(result, 256);
      for (size_t i = 0; i < 256; ++i)
        EXPECT_TRUE(sameValue(results[i], input[i])) << i;
    }
    return message;
  };
  for (uint64_t seed = 0; seed < 3; ++seed) {
    EXPECT_EQ(fault(bulkCopy(), seed, true), "");
    EXPECT_NE(fault(replaced(bulkCopy(), "_, [%r2], 1024", "_, [%r2], 1040"), seed).find("hangs"), std::string::npos);
    EXPECT_NE(fault(replaced(bulkCopy(), "[%r2], 1;\nbar", "[%r2], 2;\nbar"), seed).find("hangs"), std::string::npos);
    EXPECT_NE(fault(replaced(bulkCopy(), "bar.sync 0; // init", ""), seed), "");
    EXPECT_NE(fault(replaced(bulkCopy(), "@!%q1 bra WAIT;", ""), seed), "");
    EXPECT_NE(fault(replaced(bulkCopy(), "[%p0], 1024", "[%p0+8], 1024"), seed).find("16"), std::string::npos);
  }
}

/// A warpgroup multiplies 64 x 16 by 16 x 8 from shared memory that its threads have stored: ones times ones.
std::string warpgroupProduct() {
  return ptxKernel(
      1,
      "mov.u32 %r1, tile;\nshl.b32 %r2, %t, 4;\nadd.u32 %r2, %r2, %r1;\nmov.b32 %r3, 0x3c003c00;\nst.shared.v4.b32 "
      "[%r2], {%r3, %r3, %r3, %r3};\n"
      "setp.lt.u32 %q0, %t, 16;\n@%q0 st.shared.v4.b32 [%r2+2048], {%r3, %r3, %r3, "
      "%r3};\nfence.proxy.async.shared::cta;\nbar.sync 0;\n"
      // Descriptors without a swizzle: core matrices of 128 bytes, K 1024 or 128 bytes apart, rows 128 bytes.
      "shr.u32 %r4, %r1, 4;\ncvt.u64.u32 %d1, %r4;\nor.b64 %d2, %d1, 0x800400000;\nadd.u64 %d3, %d1, 128;\nor.b64 %d3, "
      "%d3, 0x800080000;\n"
      "mov.f32 %f1, 0f40000000;\nmov.f32 %f2, %f1;\nmov.f32 %f3, %f1;\nmov.f32 %f4, %f1;\nsetp.eq.u32 %q1, 0, 0;\n"
      "wgmma.fence.sync.aligned;\n"
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1, %f2, %f3, %f4}, %d2, %d3, %q1, 1, 1, 0, 0;\n"
      "wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;\nmul.wide.u32 %d4, %t, 16;\nadd.u64 %d4, "
      "%d4, %p0;\n"
      "st.global.v4.f32 [%d4], {%f1, %f2, %f3, %f4};",
      ".shared .align 1024 .b8 tile[2304];\n");
}

TEST(FakeCudaFaults, WarpgroupProducts) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    PtxProgram program(warpgroupProduct());
    uint64_t result = program.addResult<float>(512);
    ASSERT_EQ(program.fault(1, 128, seed), "");
    for (float value : program.read<float>(result, 512))
      ASSERT_EQ(value, 18);
  }
  expectFault(replaced(warpgroupProduct(), "wgmma.fence.sync.aligned;", ""), "no wgmma.fence", 128, 2048);
  expectFault(replaced(warpgroupProduct(), "wgmma.wait_group.sync.aligned 0;", ""), "in flight", 128, 2048);
  expectFault(replaced(warpgroupProduct(), "wgmma.wait_group.sync.aligned 0;", "wgmma.wait_group.sync.aligned 1;"),
              "in flight", 128, 2048);
  expectFault(replaced(warpgroupProduct(), "fence.proxy.async.shared::cta;", ""), "fence.proxy.async", 128, 2048);
  expectFault(replaced(warpgroupProduct(), "bar.sync 0;", ""), "", 128, 2048);
}

TEST(FakeCudaFaults, TextThatIsNotPtx) {
  for (const char *text : {"", "nonsense", ".version 8.0\n.target sm_80\n.entry k() { bra nowhere; }",
                           ".version 8.0\n.target sm_80\n.entry k() { frobnicate.b32; }",
                           ".version 8.0\n.target sm_80\n.entry k() { .reg .b32 %r; add.u64 %r, %r, %r; }",
                           ".version 8.0\n.target sm_80\n.entry k() {"})
    EXPECT_THROW(PtxProgram program(text), Error) << text;
}
} // namespace
