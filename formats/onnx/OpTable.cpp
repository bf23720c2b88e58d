// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpTable.h"

namespace dlc::onnx_format {

double OpAttribute::getDefault() const {
  double value = 0;
  [[maybe_unused]] bool failed = otherwise.getAsDouble(value);
  assert(!failed && "the default of a number or flag is a number");
  return value;
}

OpAttribute number(llvm::StringRef name, llvm::StringRef otherwise, llvm::StringRef summary, llvm::StringRef property) {
  return {OpAttribute::Kind::Number, name, property.empty() ? name : property, otherwise, summary};
}

OpAttribute flag(llvm::StringRef name, llvm::StringRef otherwise, llvm::StringRef summary) {
  return {OpAttribute::Kind::Flag, name, name, otherwise, summary};
}

OpAttribute choice(llvm::StringRef name, llvm::StringRef property, std::array<llvm::StringRef, 2> choices,
                   llvm::StringRef isTrue, llvm::StringRef otherwise, llvm::StringRef summary) {
  return {OpAttribute::Kind::Choice, name, property, otherwise, summary, choices, isTrue};
}

llvm::ArrayRef<OpRow> getOpTable() {
  static const OpRows table = [] {
    OpRows rows;
    addElementwiseOps(rows);
    addLogicOps(rows);
    addActivationOps(rows);
    return rows;
  }();
  return table;
}

int64_t getVersion(llvm::StringRef domain) {
  int64_t version = 1;
  for (const OpRow &row : getOpTable())
    if (llvm::StringRef(row.name).rsplit('.').first == domain)
      version = std::max(version, row.since);
  return version;
}

} // namespace dlc::onnx_format
