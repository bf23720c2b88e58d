// SPDX-License-Identifier: Apache-2.0
#include "backends/link/ArchiveWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Object/ArchiveWriter.h"

mlir::LogicalResult dlc::writeArchive(mlir::Location location, llvm::StringRef objectPath, llvm::StringRef memberName,
                                      llvm::StringRef path) {
  // Deterministic: no times, no owners.
  auto member = llvm::NewArchiveMember::getFile(objectPath, /*Deterministic=*/true);
  if (!member)
    return mlir::emitError(location, "cannot write '") << path << "': " << llvm::toString(member.takeError());
  member->MemberName = memberName;
  llvm::SmallVector<llvm::NewArchiveMember, 1> members;
  members.push_back(std::move(*member));
  if (llvm::Error error =
          llvm::writeArchive(path, members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                             /*Deterministic=*/true, /*Thin=*/false))
    return mlir::emitError(location, "cannot write '") << path << "': " << llvm::toString(std::move(error));
  return mlir::success();
}
