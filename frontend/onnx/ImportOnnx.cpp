// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportOnnx.h"
#include "frontend/onnx/GraphImporter.h"
#include "ir/TensorDescription.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {
namespace {

using namespace onnx_import;

/// An import whose diagnostics are kept back.
struct Attempt {
  FailureOr<ImportedModel> model = failure();
  bool lacksExtents = false; ///< it failed for want of a value that decides shapes
  llvm::SmallVector<std::string> keptBySqueeze, usualBranches;
  std::vector<Diagnostic> diagnostics;

  size_t countErrors() const {
    return llvm::count_if(diagnostics,
                          [](const Diagnostic &each) { return each.getSeverity() == DiagnosticSeverity::Error; });
  }
};

Attempt tryImport(std::shared_ptr<ModelFile> file, MLIRContext *context, const ImportOptions &options,
                  const AssumedInput *assumed, const llvm::StringSet<> &otherBranches = {}) {
  Attempt attempt;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    attempt.diagnostics.push_back(std::move(diagnostic));
    return success();
  });
  GraphImporter importer(std::move(file), context, options, assumed);
  importer.takeOtherBranches(otherBranches);
  attempt.model = importer.run();
  attempt.lacksExtents = importer.lacksExtents();
  llvm::append_range(attempt.keptBySqueeze, importer.getSymbolsKeptBySqueeze());
  llvm::append_range(attempt.usualBranches, importer.getUsualBranches());
  return attempt;
}

/// Where the branches of a choice by extents give different ranks, that of runs of large extents is taken. If the model
/// fits only what the other gives, that is the one: tries them one after the other.
Attempt tryOtherBranches(const std::shared_ptr<ModelFile> &file, MLIRContext *context, const ImportOptions &options,
                         Attempt attempt) {
  constexpr size_t mostTried = 8;
  llvm::StringSet<> others;
  for (size_t i = 0; failed(attempt.model) && i < std::min(attempt.usualBranches.size(), mostTried); ++i) {
    std::string name = attempt.usualBranches[i];
    others.insert(name);
    Attempt second = tryImport(file, context, options, nullptr, others);
    if (succeeded(second.model) || second.countErrors() < attempt.countErrors())
      attempt = std::move(second);
    else
      others.erase(name);
  }
  if (succeeded(attempt.model))
    for (const std::string &name : attempt.usualBranches)
      if (others.contains(name))
        emitWarning(file->getLocation())
            << name << " takes the branch that the rest of the model fits: runs of other extents are errors";
  return attempt;
}

/// The function of the graph; steps of loops are private.
func::FuncOp getEntry(ModuleOp module) {
  return *llvm::find_if(module.getOps<func::FuncOp>(), [](func::FuncOp function) { return function.isPublic(); });
}

/// Whether every result has the shape that the file declares, which is static.
bool hasDeclaredShapes(ModuleOp module, const onnx::GraphProto &graph) {
  func::FuncOp entry = getEntry(module);
  for (auto [output, type] : llvm::zip(graph.output(), entry.getResultTypes())) {
    auto tensor = llvm::cast<RankedTensorType>(type);
    const auto &dims = output.type().tensor_type().shape().dim();
    if (!llvm::equal(tensor.getShape(), llvm::map_range(dims, [](const auto &dim) { return dim.dim_value(); })))
      return false;
  }
  return true;
}

/// Whether every result has as many dimensions as the file declares, where it declares any.
bool hasDeclaredRanks(ModuleOp module, const onnx::GraphProto &graph) {
  return llvm::all_of(llvm::zip(graph.output(), getEntry(module).getResultTypes()), [](auto pair) {
    auto &[output, type] = pair;
    auto tensor = llvm::dyn_cast<RankedTensorType>(type);
    return !tensor || !output.type().tensor_type().has_shape() ||
           tensor.getRank() == output.type().tensor_type().shape().dim_size();
  });
}

/// Warns of each output whose declared shape cannot be the one that the graph computes, which counts.
void checkDeclaredShapes(ModuleOp module, const onnx::GraphProto &graph, Location location) {
  func::FuncOp entry = getEntry(module);
  Operation *results = entry.getBody().front().getTerminator();
  if (results->getNumOperands() != static_cast<unsigned>(graph.output_size()))
    return;
  for (auto [output, result] : llvm::zip(graph.output(), results->getOperands())) {
    auto tensor = llvm::dyn_cast<RankedTensorType>(result.getType());
    if (!tensor || !output.type().tensor_type().has_shape())
      continue;
    const onnx::TensorShapeProto &declared = output.type().tensor_type().shape();
    bool differs = tensor.getRank() != declared.dim_size();
    for (auto [computed, dim] : llvm::zip(tensor.getShape(), declared.dim()))
      differs |= !ShapedType::isDynamic(computed) && dim.has_dim_value() && dim.dim_value() >= 0 &&
                 dim.dim_value() != computed;
    if (differs)
      emitWarning(location) << "output '" << output.name() << "' is declared as "
                            << onnx_import::describeDeclaredShape(declared) << ", but the graph computes "
                            << describeShape(result) << ", which the library has";
  }
}

} // namespace

FailureOr<ImportedModel> importOnnx(StringRef path, MLIRContext *context, const ImportOptions &options) {
  context->loadDialect<DlcDialect, func::FuncDialect>();
  FailureOr<std::shared_ptr<ModelFile>> file = ModelFile::open(path, context);
  if (failed(file))
    return failure();
  Attempt attempt = tryImport(*file, context, options, nullptr);
  if (failed(attempt.model) && attempt.lacksExtents) {
    const onnx::GraphProto &graph = (*file)->getModel().graph();
    for (const AssumedInput &assumed : proposeInputValues(graph)) {
      Attempt second = tryImport(*file, context, options, &assumed);
      if (failed(second.model) || !hasDeclaredShapes(**second.model, graph))
        continue;
      emitWarning((*file)->getLocation())
          << "input '" << assumed.name << "' determines shapes; it is assumed to be ["
          << llvm::join(llvm::map_range(assumed.value, [](int64_t v) { return std::to_string(v); }), ", ")
          << "], as the declared shapes of the outputs imply, whatever it is at run time";
      attempt = std::move(second);
      break;
    }
  }
  if (failed(attempt.model))
    attempt = tryOtherBranches(*file, context, options, std::move(attempt));
  // Exporters write Squeeze without axes where they have seen an extent of 1; outputs then have fewer dimensions.
  if (!attempt.keptBySqueeze.empty() &&
      (failed(attempt.model) || !hasDeclaredRanks(**attempt.model, (*file)->getModel().graph()))) {
    ImportOptions narrowed = options;
    narrowed.extentsOfOne = attempt.keptBySqueeze;
    Attempt second = tryImport(*file, context, narrowed, nullptr);
    if (succeeded(second.model) && hasDeclaredRanks(**second.model, (*file)->getModel().graph())) {
      emitWarning((*file)->getLocation())
          << "extent '" << llvm::join(narrowed.extentsOfOne, "', '")
          << "' is taken to be 1: the outputs have the ranks that the file declares only if Squeeze removes it";
      attempt = std::move(second);
    }
  }
  for (Diagnostic &diagnostic : attempt.diagnostics)
    context->getDiagEngine().emit(std::move(diagnostic));
  if (succeeded(attempt.model)) {
    if (failed(verify(**attempt.model)))
      return failure();
    checkDeclaredShapes(**attempt.model, (*file)->getModel().graph(), (*file)->getLocation());
  }
  return std::move(attempt.model);
}

} // namespace dlc
