// SPDX-License-Identifier: Apache-2.0
#include "backends/link/HeaderWriter.h"
#include "dlc/abi.h"
#include <gtest/gtest.h>

using namespace dlc;

namespace {

HeaderDim fixed(int64_t extent) { return {HeaderDim::Fixed, extent, ""}; }
HeaderDim symbol(int64_t index) { return {HeaderDim::Symbol, index, ""}; }

TEST(HeaderWriter, PlainModel) {
  HeaderModel model{"digits",
                    "dlc 1.2.3",
                    {{"run",
                      {{"N", 0, 100}},
                      {{"image", DLC_F32, {symbol(0), fixed(1), fixed(8), fixed(8)}}},
                      {{"probability", DLC_F32, {symbol(0), fixed(10)}}}}}};
  EXPECT_EQ(
      writeHeader(model),
      R"(/* The model 'digits', written by dlc 1.2.3. Link with the object, archive or library of the same name, or
 * open the library with dlc_library_open. */
#ifndef DLC_MODEL_DIGITS_H
#define DLC_MODEL_DIGITS_H

#include "dlc/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Make contexts for it with dlc_context_create.
extern const dlc_model dlc_model_digits;

/// Runs the entry point 'run' on buffers of the caller's, compact and row-major.
///   N: from 0 to 100
///   reads image: float[N][1][8][8]
///   writes probability: float[N][10]
/// Returns a dlc_status; dlc_context_message(context) says what is wrong.
static inline int32_t digits_run(dlc_context *context,
                                 int64_t N,
                                 const float *image,
                                 float *probability) {
  if (!context || strcmp(context->model->name, "digits") || context->model->entry_count < 1)
    return DLC_ERROR_ARGUMENT;
  const dlc_entry_point *entry = &context->model->entries[0];
  int64_t image_shape[] = {N, 1, 8, 8};
  dlc_tensor inputs[] = {
      dlc_tensor_of((void *)(uintptr_t)image, DLC_F32, 4, image_shape)};
  int64_t probability_shape[] = {N, 10};
  dlc_tensor outputs[] = {
      dlc_tensor_of(probability, DLC_F32, 2, probability_shape)};
  return dlc_run(context, entry, inputs, 1, outputs, 1);
}

#ifdef __cplusplus
}
#endif

#endif /* DLC_MODEL_DIGITS_H */
)");
}

TEST(HeaderWriter, NamesBecomeUniqueIdentifiers) {
  HeaderModel model{"m",
                    "dlc",
                    {{"run",
                      {},
                      {{"/layer1/conv.0", DLC_I8, {fixed(1)}},
                       {"layer1 conv 0", DLC_U16, {fixed(1)}},
                       {"42", DLC_BF16, {fixed(1)}},
                       {"context", DLC_BOOL, {fixed(1)}},
                       {"int", DLC_I64, {fixed(1)}}},
                      {{"*/ #error \\", DLC_F64, {}}}}}};
  std::string text = writeHeader(model);
  for (const char *parameter :
       {"const int8_t *layer1_conv_0,", "const uint16_t *layer1_conv_0_2,", "const uint16_t *tensor_42,",
        "const uint8_t *context_,", "const int64_t *int_,", "double *error)", "dlc_tensor_of(error, DLC_F64, 0, NULL)",
        "reads tensor_42: uint16_t[1], bits of bf16 ('42')", "writes error: double ('*  #error |')"})
    EXPECT_NE(text.find(parameter), std::string::npos) << parameter << "\n" << text;
}

TEST(HeaderWriter, ComputedExtentsComeFromTheLibrary) {
  HeaderModel model{"m",
                    "dlc",
                    {{"run",
                      {{"T", 1, 9}},
                      {{"x", DLC_F32, {symbol(0)}}},
                      {{"y", DLC_F32, {fixed(2)}}, {"z", DLC_F32, {{HeaderDim::Computed, 0, "2 * T"}, fixed(3)}}}},
                     {"run!", {}, {}, {}}}};
  std::string text = writeHeader(model);
  for (const char *part : {"writes z: float[2 * T][3]", "const int64_t symbols[] = {T};", "int64_t dims[3];",
                           "context->model->entry_count < 1)", "context->model->entry_count < 2)",
                           "  if (entry->symbol_count != 1 || entry->output_count != 2 ||\n",
                           "      entry->outputs[0].rank != 1 ||\n      entry->outputs[1].rank != 2)\n",
                           "dlc_tensor_of(y, DLC_F32, 1, dims + 0)", "dlc_tensor_of(z, DLC_F32, 2, dims + 1)",
                           "int32_t m_run_2(dlc_context *context)", "dlc_run(context, entry, NULL, 0, NULL, 0)"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(HeaderWriter, Variables) {
  HeaderModel model{"m", "dlc", {}, 192};
  HeaderEntry entry;
  entry.name = "train_step";
  entry.inputs = {{"label", DLC_I64, {fixed(4)}, "label"},
                  {"rate", DLC_F32, {}, "hyperparameter; the model says 0.01"}};
  entry.usesVariables = true;
  model.entries.push_back(entry);
  std::string text = writeHeader(model);
  for (const char *part : {"#define DLC_MODEL_M_VARIABLE_BYTES 192u\n", "///   reads label: int64_t[4], label\n",
                           "///   reads rate: float, hyperparameter; the model says 0.01\n",
                           "/// Works on the variables that are bound to the context by dlc_variables_bind.\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

} // namespace
