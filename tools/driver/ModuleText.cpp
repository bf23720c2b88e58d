// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ModuleText.h"
#include "ir/Annotations.h"
#include "ir/ConstantData.h"
#include "ir/DlcDialect.h"
#include "ir/OpsKernel.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "passes/Pipelines.h"

using namespace dlc;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

static void removeState(mlir::ModuleOp module) {
  annotation::phase.remove(module);
  annotation::target.remove(module);
  annotation::optimization.remove(module);
  annotation::math.remove(module);
  annotation::replaceableWeights.remove(module);
  annotation::layers.remove(module);
  annotation::learnedData.remove(module);
}

void dlc::printModule(llvm::raw_ostream &stream, mlir::ModuleOp module, const CompilationState &state,
                      bool isComplete) {
  mlir::Builder builder(module.getContext());
  // Tools that read what comes out of the last phase do not know our attributes.
  if (state.phase != "import" && state.phase != "llvm") {
    annotation::phase.set(module, builder.getStringAttr(state.phase));
    if (!state.target.empty())
      annotation::target.set(module, builder.getStringAttr(state.target));
    if (state.optimizationLevel)
      annotation::optimization.set(module, builder.getI64IntegerAttr(*state.optimizationLevel));
    if (state.math)
      annotation::math.set(module, builder.getStringAttr(getMathModeName(*state.math)));
    if (state.replaceableWeights)
      annotation::replaceableWeights.set(module, builder.getUnitAttr());
    if (isComplete && !state.layers.empty())
      annotation::layers.set(module, builder.getStringAttr(state.layers));
  }
  if (isComplete && state.phase != "llvm" && !state.dataDescription.empty())
    annotation::learnedData.set(module, builder.getStringAttr(state.dataDescription));
  mlir::OpPrintingFlags flags;
  if (isComplete)
    flags.enableDebugInfo();
  else
    flags.elideLargeElementsAttrs(/*largeElementLimit=*/64).elideLargeResourceString(/*largeResourceLimit=*/256);
  module.print(stream, flags);
  stream << '\n';
  if (!isComplete)
    stream
        << "// Locations and the bytes of large constants are left out; write a file (-o FILE.mlir) to compile it.\n";
  removeState(module);
}

/// Moves the attributes of `module` to `state`.
static LogicalResult takeState(mlir::ModuleOp module, CompilationState &state) {
  if (mlir::StringAttr phase = annotation::phase.get(module)) {
    if (!llvm::is_contained(getPhaseNames(), phase.getValue()) || phase.getValue() == "llvm") {
      auto diagnostic = module.emitError() << "compilation cannot continue after '" << annotation::phase.getKey()
                                           << "' = " << phase << "; the phases are";
      for (llvm::StringRef known : getPhaseNames().drop_back())
        diagnostic << " " << known;
      return diagnostic;
    }
    state.phase = phase.str();
  }
  if (mlir::StringAttr target = annotation::target.get(module))
    state.target = target.str();
  if (mlir::IntegerAttr level = annotation::optimization.get(module)) {
    if (level.getInt() < 0 || level.getInt() > 3)
      return module.emitError() << "'" << annotation::optimization.getKey() << "' must be a number from 0 to 3";
    state.optimizationLevel = static_cast<int>(level.getInt());
  }
  if (mlir::StringAttr math = annotation::math.get(module)) {
    state.math = parseMathMode(math.getValue());
    if (!state.math)
      return module.emitError() << "'" << annotation::math.getKey() << "' must be \"strict\", \"default\" or \"fast\"";
  }
  state.replaceableWeights = annotation::replaceableWeights.get(module) != nullptr;
  if (mlir::StringAttr layers = annotation::layers.get(module))
    state.layers = layers.str();
  if (mlir::StringAttr data = annotation::learnedData.get(module))
    state.dataDescription = data.str();
  removeState(module);
  return success();
}

/// Reports the first constant of each op whose bytes the module lacks.
static LogicalResult checkConstants(mlir::ModuleOp module) {
  LogicalResult result = success();
  module.walk([&](mlir::Operation *op) {
    mlir::WalkResult walked = op->getAttrDictionary().walk([&](mlir::DenseResourceElementsAttr value) {
      if (ConstantData::get(value))
        return mlir::WalkResult::advance();
      op->emitError() << "the module lacks the " << value.getType() << " of the constant '"
                      << value.getRawHandle().getKey()
                      << "': print it to a file (-o FILE.mlir), not to a terminal and not with --brief";
      return mlir::WalkResult::interrupt();
    });
    if (walked.wasInterrupted())
      result = failure();
  });
  return result;
}

/// Reports ops that no module after the phase `state.phase` has. (The graph phase forms kernels already.)
static LogicalResult checkLevel(mlir::ModuleOp module, llvm::StringRef path, const CompilationState &state) {
  bool isImported = state.phase == "import", isProgram = state.phase == "program";
  mlir::WalkResult walked = module.walk([&](mlir::Operation *op) {
    bool isLate = op->getName().getDialectNamespace() == "llvm" || (op->hasTrait<OfProgram>() && !isProgram) ||
                  (llvm::isa<KernelOp>(op) && (isImported || isProgram));
    if (!isLate)
      return mlir::WalkResult::advance();
    if (op->getName().getDialectNamespace() == "llvm")
      mlir::emitError(mlir::FileLineColLoc::get(module.getContext(), path, 1, 1))
          << "this module is in LLVM's dialect, as it is after the phase 'llvm', and cannot be compiled on: print it "
             "after "
             "'program' or before";
    else
      op->emitError() << "belongs to a different phase than '" << state.phase
                      << "', after which the module says it was "
                      << "printed; its attribute '" << annotation::phase.getKey() << "' names the phase";
    return mlir::WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

/// Parses the file at `path`, and verifies it once its operations have locations in the text.
static mlir::OwningOpRef<mlir::ModuleOp> parseFile(llvm::StringRef path, mlir::MLIRContext *context,
                                                   TextLocations &locations) {
  std::string problem;
  std::unique_ptr<llvm::MemoryBuffer> buffer = mlir::openInputFile(path, &problem);
  if (!buffer) {
    mlir::emitError(mlir::FileLineColLoc::get(context, path, 0, 0)) << problem;
    return nullptr;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  mlir::ParserConfig config(context, /*verifyAfterParse=*/false);
  mlir::Block block;
  mlir::AsmParserState parsed;
  if (failed(mlir::parseAsmSourceFile(sources, &block, config, &parsed)))
    return nullptr;
  locations.add(sources, parsed);
  auto module = mlir::detail::constructContainerOpForParserIfNecessary<mlir::ModuleOp>(
      &block, context, mlir::FileLineColLoc::get(context, path, 0, 0));
  if (!module || failed(mlir::verify(*module)))
    return nullptr;
  return module;
}

mlir::OwningOpRef<mlir::ModuleOp> dlc::parseModule(llvm::StringRef path, mlir::MLIRContext *context,
                                                   CompilationState &state, TextLocations &locations) {
  auto module = parseFile(path, context, locations);
  if (!module || failed(takeState(*module, state)) || failed(checkLevel(*module, path, state)) ||
      failed(checkConstants(*module)))
    return nullptr;
  return module;
}
