// SPDX-License-Identifier: Apache-2.0
#include "ir/Names.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {

std::string getLayerName(Location location) {
  if (auto named = llvm::dyn_cast<NameLoc>(location))
    return named.getName().str();
  if (auto fused = llvm::dyn_cast<FusedLoc>(location))
    for (Location part : llvm::reverse(fused.getLocations()))
      if (std::string name = getLayerName(part); !name.empty())
        return name;
  if (auto call = llvm::dyn_cast<CallSiteLoc>(location))
    return getLayerName(call.getCallee());
  return "";
}

std::string toIdentifier(llvm::StringRef name) {
  std::string identifier;
  for (char c : name) {
    bool isLegal = llvm::isAlnum(c) || c == '_';
    if (!isLegal && (identifier.empty() || identifier.back() == '_'))
      continue;
    identifier.push_back(isLegal ? c : '_');
  }
  if (identifier.empty() || llvm::isDigit(identifier.front()))
    identifier.insert(identifier.begin(), '_');
  return identifier;
}

std::string makeSymbolName(Operation *symbolTable, llvm::StringRef name) {
  std::string unique = name.str();
  for (unsigned number = 2; SymbolTable::lookupSymbolIn(symbolTable, unique); ++number)
    unique = (name + "." + llvm::Twine(number)).str();
  return unique;
}

std::string UniqueNames::make(llvm::StringRef name, llvm::function_ref<bool(llvm::StringRef)> isTaken) {
  std::string unique = name.str();
  for (unsigned &number = lastNumbers[name]; isTaken(unique);)
    unique = (name + "." + llvm::Twine(++number)).str();
  return unique;
}

} // namespace dlc
