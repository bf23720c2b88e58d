// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/TextLocations.h"

using namespace dlc;

void TextLocations::add(const llvm::SourceMgr &sources, const mlir::AsmParserState &parsed) {
  llvm::StringRef file = sources.getMemoryBuffer(sources.getMainFileID())->getBufferIdentifier();
  for (const mlir::AsmParserState::OperationDefinition &definition : parsed.getOpDefs()) {
    mlir::Operation *op = definition.op;
    auto [line, column] = sources.getLineAndColumn(definition.loc.Start);
    mlir::Location position = mlir::FileLineColLoc::get(op->getContext(), file, line, column);
    originals.emplace_back(op, op->getLoc());
    op->setLoc(mlir::FusedLoc::get(op->getContext(), {position, op->getLoc()}));
  }
}

void TextLocations::restore() {
  for (auto [op, location] : originals)
    op->setLoc(location);
  originals.clear();
}
