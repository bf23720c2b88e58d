// SPDX-License-Identifier: Apache-2.0
#include "backends/link/ArchiveWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Object/ArchiveWriter.h"

static mlir::LogicalResult write(mlir::Location location, llvm::ArrayRef<llvm::NewArchiveMember> members,
                                 llvm::StringRef path) {
  // Deterministic: no times, no owners.
  if (llvm::Error error =
          llvm::writeArchive(path, members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                             /*Deterministic=*/true, /*Thin=*/false))
    return mlir::emitError(location, "cannot write '") << path << "': " << llvm::toString(std::move(error));
  return mlir::success();
}

mlir::LogicalResult dlc::writeArchive(mlir::Location location, llvm::ArrayRef<ArchiveMember> members,
                                      llvm::StringRef path) {
  std::vector<llvm::NewArchiveMember> all;
  for (const ArchiveMember &member : members)
    all.emplace_back(llvm::MemoryBufferRef(member.bytes, member.name));
  return write(location, all, path);
}

mlir::LogicalResult dlc::writeArchive(mlir::Location location, llvm::StringRef objectPath, llvm::StringRef memberName,
                                      llvm::StringRef path) {
  auto member = llvm::NewArchiveMember::getFile(objectPath, /*Deterministic=*/true);
  if (!member)
    return mlir::emitError(location, "cannot write '") << path << "': " << llvm::toString(member.takeError());
  member->MemberName = memberName;
  return write(location, *member, path);
}
