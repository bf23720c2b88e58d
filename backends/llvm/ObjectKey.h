// SPDX-License-Identifier: Apache-2.0
/// \file
/// Under what object files are kept.
#ifndef DLC_BACKENDS_LLVM_OBJECTKEY_H
#define DLC_BACKENDS_LLVM_OBJECTKEY_H

#include "backends/Target.h"
#include "backends/llvm/ObjectRevision.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

namespace dlc {

/// A hash of all that an object file depends on: the compiler, the target and the parts that are added.
class ObjectKey {
public:
  ObjectKey(llvm::StringRef compiler, const Target &target) {
    add(compiler);
    add(objectRevision);
    add(target.triple.str());
  }

  /// Lengths come before contents, so that no two lists of parts look alike.
  void add(llvm::StringRef part) {
    hasher.update(std::to_string(part.size()) + ":");
    hasher.update(part);
  }

  std::string toString() { return llvm::toHex(hasher.final<16>(), /*LowerCase=*/true); }

private:
  llvm::BLAKE3 hasher;
};

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_OBJECTKEY_H
