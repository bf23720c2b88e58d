// SPDX-License-Identifier: Apache-2.0
/// \file
/// Machine code of the runtime. It depends on the model only in which of its functions are there, and most models need
/// the same: so it is an object file of its own, which is kept.
#ifndef DLC_BACKENDS_LLVM_RUNTIMEOBJECT_H
#define DLC_BACKENDS_LLVM_RUNTIMEOBJECT_H

#include "backends/Target.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dlc {

/// Part of the runtime for a target.
class RuntimePart {
public:
  /// `forThreadSanitizer`: instrumented code, which refers to functions of that sanitizer's runtime.
  RuntimePart(const Target &target, bool forThreadSanitizer) : target(target), forThreadSanitizer(forThreadSanitizer) {}

  /// Adds what `objects`, object files, refer to and the runtime defines.
  llvm::Error addNeeded(llvm::ArrayRef<llvm::StringRef> objects);
  /// Adds what `module` declares and the runtime defines.
  llvm::Error addDeclared(const llvm::Module &module);
  /// The same, and what the module's instructions will call when they are expanded.
  llvm::Error addNeeded(const llvm::Module &module);

  /// A hash of everything that the part depends on: equal keys, equal bytes.
  std::string getKey(llvm::StringRef compiler) const;
  /// An object file in which what is needed is hidden and all else local.
  llvm::Expected<std::string> emitObject() const;
  /// The same as functions of `module`, local ones.
  llvm::Error linkInto(llvm::Module &module) const;

private:
  llvm::StringRef getBitcode() const;
  llvm::Error addNames(llvm::ArrayRef<llvm::StringRef> names);
  llvm::Expected<std::unique_ptr<llvm::Module>> extract(llvm::LLVMContext &context) const;

  const Target &target;
  bool forThreadSanitizer;
  std::vector<std::string> needed; ///< sorted
};

/// Lets the functions and variables of the runtime that `module` refers to be called directly: they will be in the same
/// library.
void hideRuntimeSymbols(llvm::Module &module);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_RUNTIMEOBJECT_H
