// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ExternalData.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace dlc::onnx_import {

FailureOr<ExternalData> readExternalData(const onnx::TensorProto &tensor, std::string &error) {
  ExternalData data;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    bool isNumber = true;
    if (entry.key() == "location")
      data.location = entry.value();
    else if (entry.key() == "offset")
      isNumber = llvm::to_integer(StringRef(entry.value()), data.offset, 10);
    else if (entry.key() == "length")
      isNumber = llvm::to_integer(StringRef(entry.value()), data.length.emplace(), 10);
    if (!isNumber) {
      error = "external data has the " + entry.key() + " '" + entry.value() + "', which is not a number";
      return failure();
    }
  }
  return data;
}

/// Whether `relativePath` stays within its folder, judging by the string alone.
static bool staysInside(StringRef relativePath) {
  if (relativePath.empty() || llvm::sys::path::is_absolute(relativePath) || relativePath.contains('\0'))
    return false;
  for (auto part = llvm::sys::path::begin(relativePath), end = llvm::sys::path::end(relativePath); part != end; ++part)
    if (*part == "..")
      return false;
  return true;
}

FailureOr<std::string> findExternalFile(StringRef modelPath, StringRef location, std::string &error) {
  SmallString<256> folder(llvm::sys::path::parent_path(modelPath)), target(folder), realFolder, realTarget;
  llvm::sys::path::append(target, location);
  std::error_code failed;
  bool isInside = staysInside(location);
  if (isInside) {
    failed = llvm::sys::fs::real_path(target, realTarget);
    if (!failed)
      failed = llvm::sys::fs::real_path(folder.empty() ? "." : StringRef(folder), realFolder);
    // A symbolic link may lead out of the folder too.
    isInside = failed || StringRef(realTarget).starts_with((realFolder + (realFolder == "/" ? "" : "/")).str());
  }
  if (!isInside) {
    error = "external data '" + location.str() + "' leaves the model's folder";
    return failure();
  }
  if (!failed && llvm::sys::fs::is_directory(realTarget))
    failed = std::make_error_code(std::errc::is_a_directory);
  if (failed) {
    error = "external data '" + target.str().str() + "' cannot be read: " + failed.message();
    return failure();
  }
  return realTarget.str().str();
}

} // namespace dlc::onnx_import
