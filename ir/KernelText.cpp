// SPDX-License-Identifier: Apache-2.0
#include "ir/KernelText.h"
#include "ir/RowRange.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;

namespace dlc {

void writeKernelText(KernelLikeOpInterface kernel, llvm::raw_ostream &stream) {
  stream << stringifyKernelKind(kernel.getKind()) << ' ' << kernel.getInputDimsAttr() << ' '
         << (kernel.getSymbolsAttr() ? kernel.getSymbolsAttr().size() : 0) << '\n';
  for (BlockArgument argument : kernel.getBody().getArguments())
    stream << argument.getType() << '\n';
  OpPrintingFlags flags;
  flags.printGenericOpForm().useLocalScope().elideLargeResourceString(0);
  for (Operation &inner : kernel.getBody().front())
    inner.print(stream, flags);
}

std::string getKernelFingerprint(KernelLikeOpInterface kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  writeKernelText(kernel, stream);
  stream << "\nrows " << getRowRange(kernel);
  constexpr size_t bytes = 8;
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(text));
  return llvm::toHex(llvm::ArrayRef(digest).take_front(bytes), /*LowerCase=*/true);
}

} // namespace dlc
