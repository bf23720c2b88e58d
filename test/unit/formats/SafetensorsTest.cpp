// SPDX-License-Identifier: Apache-2.0
// The compiler's reader of safetensors files, which maps a file and reports all that is wrong, and the one in
// libraries, C without a C library, which stops at the first problem: both accept the same files.
#include "formats/safetensors/Safetensors.h"
#include "dlc/runtime.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "test/unit/ScratchFolder.h"
#include "test/unit/runtime/TrainableModel.h"

#include <gtest/gtest.h>

namespace {

/// The names that the compiler finds in the file; nothing if it rejects it.
std::optional<std::vector<std::string>> namesForCompiler(const std::string &path) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler handler(&context, [](mlir::Diagnostic &) { return mlir::success(); });
  std::optional<dlc::Safetensors> file = dlc::Safetensors::open(path, &context);
  if (!file)
    return std::nullopt;
  std::vector<std::string> names;
  for (llvm::StringRef name : file->getNames())
    names.push_back(name.str());
  return names;
}

/// Whether the runtime reads the file's header without a complaint.
bool isAcceptedByRuntime(const std::string &path) {
  dlc_error error = {};
  size_t bytes = 0;
  dlc_int32 status = dlc_metadata_read(&trainableModel, path.c_str(), "none", nullptr, 0, &bytes, &error);
  return status == DLC_OK;
}

TEST(SafetensorsTest, CompilerReadsWhatTheRuntimeWrites) {
  ScratchFolder folder;
  std::string path = folder.path / "c.safetensors";
  dlc_error error = {};
  void *block = dlc_variables_allocate(&trainableModel, &error);
  ASSERT_TRUE(block) << error.message;
  const dlc_metadata metadata = {"key", "a \"value\" in \xC3\xA9"};
  EXPECT_EQ(dlc_variables_save(&trainableModel, block, path.c_str(), &metadata, 1, &error), DLC_OK) << error.message;
  free(block);
  std::vector<std::string> expected;
  for (dlc_uint32 i = 0; i < trainableModel.variable_count; ++i)
    if (trainableModel.variables[i].kind != DLC_VARIABLE_DERIVED &&
        trainableModel.variables[i].kind != DLC_VARIABLE_STAMP)
      expected.push_back(trainableModel.variables[i].name);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(namesForCompiler(path), expected);
}

TEST(SafetensorsTest, BothJudgeAlike) {
  ScratchFolder folder;
  auto file = [&](const std::string &header, size_t dataBytes) {
    std::string content(8, 0);
    for (int i = 0; i < 8; ++i)
      content[i] = static_cast<char>(header.size() >> (8 * i));
    return folder.write("f.safetensors", content + header + std::string(dataBytes, 1));
  };
  auto tensor = [](const char *type, const char *shape, const char *offsets) {
    return std::string("{\"dtype\":\"") + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  };
  struct Case {
    std::string header;
    size_t dataBytes;
    bool isAccepted;
  };
  const Case cases[] = {
      {"{}", 0, true},
      {"{\"a\":" + tensor("F32", "[2]", "[0,8]") + "}", 8, true},
      {"{\"a\":" + tensor("I64", "[]", "[0,8]") + "}   ", 8, true},
      {"{\"a\":" + tensor("BOOL", "[0,3]", "[0,0]") + "}", 0, true},
      {"{\"__metadata__\":{\"k\":\"v\"},\"a\":" + tensor("BF16", "[1,2]", "[0,4]") + "}", 4, true},
      {"{\"b\":" + tensor("U8", "[3]", "[1,4]") + ",\"a\":" + tensor("I8", "[1]", "[0,1]") + "}", 4, true},
      {"{\"a\":" + tensor("F32", "[2]", "[0,8]") + "}", 7, false},
      {"{\"a\":" + tensor("F32", "[3]", "[0,8]") + "}", 8, false},
      {"{\"a\":" + tensor("F8_E3M4", "[8]", "[0,8]") + "}", 8, false},
      {"{\"a\":" + tensor("F32", "[2]", "[8,0]") + "}", 8, false},
      {"{\"a\":" + tensor("U8", "[4]", "[0,4]") + ",\"b\":" + tensor("U8", "[4]", "[2,6]") + "}", 6, false},
      {"{\"a\":" + tensor("F32", "[-1,-2]", "[0,8]") + "}", 8, false},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, false},
      // Bytes that belong to no tensor: before, between, behind.
      {"{\"a\":" + tensor("U8", "[2]", "[1,3]") + "}", 3, false},
      {"{\"a\":" + tensor("U8", "[2]", "[0,2]") + ",\"b\":" + tensor("U8", "[1]", "[3,4]") + "}", 4, false},
      {"{\"a\":" + tensor("U8", "[2]", "[0,2]") + "}", 3, false},
      {"{}", 1, false},
      // One without bytes may be anywhere in the file, but not outside.
      {"{\"a\":" + tensor("U8", "[2]", "[0,2]") + ",\"b\":" + tensor("U8", "[0]", "[1,1]") + "}", 2, true},
      {"{\"a\":" + tensor("U8", "[0]", "[1,1]") + "}", 0, false},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}", 1, false},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1, false},
      {"{\"a\":" + tensor("U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]") + "}", 1, true},
      {"{\"a\":" + tensor("U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]") + "}", 1, false},
      {"{\"a\":" + tensor("F32", "[4294967296,4294967296,0]", "[0,0]") + "}", 0, false},
      {"{\"a\":" + tensor("F32", "[9223372036854775808]", "[0,0]") + "}", 0, false},
      {"{\"a\":" + tensor("F32", "[1.0]", "[0,4]") + "}", 4, false},
      {"{\"a\":" + tensor("F32", "[1]", "[0,4,4]") + "}", 4, false},
      {"{\"\\u00e9\\n\":" + tensor("F32", "[1]", "[0,4]") + "}", 4, true},
      {"{\"__metadata__\":{\"k\":1}}", 0, false},
      {"{\"__metadata__\":[]}", 0, false},
      {"{\"__metadata__\":{}}", 0, true},
      {"\xEF\xBB\xBF{}", 0, false},
      {" {} ", 0, true},
      {"{} x", 0, false},
      {"[]", 0, false},
      {"{\"a\":", 0, false},
  };
  for (const Case &each : cases) {
    std::string path = file(each.header, each.dataBytes);
    EXPECT_EQ(isAcceptedByRuntime(path), each.isAccepted) << each.header;
    EXPECT_EQ(namesForCompiler(path).has_value(), each.isAccepted) << each.header;
  }
}

} // namespace
