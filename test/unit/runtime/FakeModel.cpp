// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include <chrono>
#include <cstring>

extern "C" {
extern const dlc_runtime_api dlc_rt_api;
void *halide_malloc(void *userContext, size_t bytes);
void halide_free(void *userContext, void *memory);
dlc_int32 dlcRecordLaunch(const void *arguments, dlc_int64 begin, dlc_int64 end, dlc_scratch *scratch, dlc_task launch,
                          dlc_uint64 site);
int halide_error_access_out_of_bounds(void *user, const char *name, int dimension, int minTouched, int maxTouched,
                                      int minValid, int maxValid);
}

std::atomic<int> prepareCalls{0}, prepareStatus{0}, rowMicroseconds{0};
std::atomic<size_t> scratchDemand{0};
std::atomic<void (*)()> taskHook{nullptr}, prepareHook{nullptr};

namespace {

const float constants[4] = {1, 2, 3, 4};

dlc_int32 prepare(const dlc_call *call) {
  ++prepareCalls;
  if (void (*hook)() = prepareHook)
    hook();
  for (int i = 0; i < 4; ++i)
    reinterpret_cast<float *>(call->prepared)[i] = reinterpret_cast<const float *>(call->constants)[i] * 10;
  return prepareStatus;
}

struct RunArguments {
  const float *x;
  float *y;
  const float *prepared;
  float *workspace;
  dlc_int64 rows;
};

dlc_int32 runRows(const void *argument, dlc_int64 begin, dlc_int64 end, dlc_scratch *scratch) {
  // As generated code does: one symbol, behind four addresses.
  constexpr dlc_uint64 site = 0 | dlc_uint64(4) << DLC_SITE_SYMBOLS | dlc_uint64(1) << DLC_SITE_COUNT;
  if (__atomic_load_n(reinterpret_cast<void **>(scratch), __ATOMIC_RELAXED))
    return dlcRecordLaunch(argument, begin, end, scratch, runRows, site);
  auto *arguments = static_cast<const RunArguments *>(argument);
  if (void (*hook)() = taskHook)
    hook();
  // Each task takes scratch, so that threads that share one would be seen.
  auto *row = static_cast<float *>(halide_malloc(scratch, 4 * sizeof(float)));
  for (dlc_int64 i = begin; i < end; ++i) {
    auto stop = std::chrono::steady_clock::now() + std::chrono::microseconds(rowMicroseconds);
    while (rowMicroseconds && std::chrono::steady_clock::now() < stop) {
    }
    for (int j = 0; j < 4; ++j)
      row[j] = arguments->x[i * 4 + j] * 2;
    for (int j = 0; j < 4; ++j) {
      arguments->y[i * 4 + j] = row[j] + arguments->prepared[j];
      arguments->workspace[i * 4 + j] = row[j];
    }
  }
  halide_free(scratch, row);
  return DLC_OK;
}

dlc_int32 executeRun(const dlc_call *call) {
  RunArguments arguments = {static_cast<const float *>(call->tensors[0]), static_cast<float *>(call->tensors[1]),
                            reinterpret_cast<const float *>(call->prepared), reinterpret_cast<float *>(call->workspace),
                            call->symbols[0]};
  return call->services->parallel_for(call, runRows, &arguments, call->symbols[0], 1);
}

dlc_int32 executeMix(const dlc_call *call) {
  auto *a = static_cast<const signed char *>(call->tensors[0]);
  if (a[0] == 99)
    return halide_error_access_out_of_bounds(call->scratch, "weights", 1, 0, 99, 0, 9);
  if (a[0] == 98)
    return DLC_ERROR_INDEX;
  void *first = halide_malloc(call->scratch, scratchDemand), *second = halide_malloc(call->scratch, scratchDemand);
  if (!first || !second)
    return DLC_ERROR_OUT_OF_MEMORY;
  std::memset(first, 1, scratchDemand);
  std::memset(second, 2, scratchDemand);
  // Not in reverse order: what comes next must not overlap the second block.
  halide_free(call->scratch, first);
  void *third = halide_malloc(call->scratch, scratchDemand);
  std::memset(third, 3, scratchDemand);
  bool isIntact = true;
  for (size_t i = 0; i < scratchDemand; ++i)
    isIntact &= static_cast<char *>(second)[i] == 2;
  halide_free(call->scratch, third);
  halide_free(call->scratch, second);
  *static_cast<double *>(call->tensors[4]) = isIntact ? *static_cast<const double *>(call->tensors[1]) + a[2] : -1;
  for (dlc_int64 i = 0; i < 2 * call->symbols[0] + 1; ++i)
    static_cast<uint16_t *>(call->tensors[5])[i] = 0x3f80;
  return DLC_OK;
}

const dlc_int64 rowDims[] = {-1, 4}, threeDims[] = {3}, pairDims[] = {-1, 2}, vectorDims[] = {-1},
                computedDims[] = {DLC_DIM_COMPUTED};
const dlc_symbol_info rowSymbols[] = {{"N", 0, 100000}}, mixSymbols[] = {{"M", 1, INT64_MAX}};
const dlc_tensor_info runInputs[] = {{"x", DLC_F32, 2, rowDims, 0, 0}};
const dlc_tensor_info runOutputs[] = {{"y", DLC_F32, 2, rowDims, 0, 0}};
const dlc_tensor_info mixInputs[] = {{"a", DLC_I8, 1, threeDims, 0, 0},
                                     {"n", DLC_F64, 0, nullptr, 0, 0},
                                     {"b", DLC_F32, 2, pairDims, 0, 0},
                                     {"c", DLC_F32, 1, vectorDims, 0, 0}};
const dlc_tensor_info mixOutputs[] = {{"s", DLC_F64, 0, nullptr, 0, 0}, {"t", DLC_BF16, 1, computedDims, 0, 0}};

const dlc_entry_point entries[] = {{"run", 1, 1, 1, 0, runInputs, runOutputs, rowSymbols},
                                   {"mix", 4, 2, 1, 0, mixInputs, mixOutputs, mixSymbols}};

const dlc_entry_code codes[] = {
    {[](const dlc_int64 *symbols) -> dlc_uint64 { return symbols[0] * 16; }, nullptr, executeRun},
    {[](const dlc_int64 *symbols) -> dlc_uint64 {
       dlc_uint64 bytes;
       return __builtin_mul_overflow(dlc_uint64(symbols[0]), dlc_uint64(1) << 40, &bytes) ? UINT64_MAX
              : symbols[0] > 100                                                          ? bytes
                                                                                          : 64;
     },
     [](const dlc_int64 *symbols, dlc_int64 *dims) { dims[0] = 2 * symbols[0] + 1; }, executeMix}};

dlc_program describeProgram() {
  dlc_program program = {};
  program.struct_bytes = sizeof(dlc_program);
  program.device_type = DLC_DEVICE_CPU;
  program.target = "any";
  program.entries = codes;
  program.constants = reinterpret_cast<const dlc_byte *>(constants);
  program.constant_bytes = sizeof constants;
  program.prepared_bytes = sizeof constants;
  program.prepare = prepare;
  program.scratch_bytes = 256;
  program.launches = "rows\tk0_rows\telementwise\tf32\ts0 4 *\ts0 32 *\ts0\n";
  return program;
}
const dlc_program fakeProgram = describeProgram();
const dlc_program *const fakePrograms[] = {&fakeProgram};

dlc_model describe(const char *name) {
  dlc_model model = {};
  model.abi_version = DLC_ABI_VERSION;
  model.struct_bytes = sizeof(dlc_model);
  model.name = name;
  model.compiler = "by hand";
  model.target = "any";
  model.entry_count = 2;
  model.entries = entries;
  model.program_count = 1;
  model.programs = fakePrograms;
  model.runtime = &dlc_rt_api;
  return model;
}

} // namespace

const dlc_model fakeModel = describe("fake");
const dlc_model otherFakeModel = describe("other");

/// What dlc-runtime-test-library exports.
extern "C" __attribute__((visibility("default"))) const dlc_model dlc_model_in_a_library = describe("fake");
