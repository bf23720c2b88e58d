// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ProgramSignature.h"
#include "ir/SignatureBuilder.h"
#include "ir/Variables.h"

using namespace mlir;

namespace {

constexpr int64_t largestExtent = (int64_t(1) << 31) - 1;

/// Gives a program its arguments and says what they are.
class SignatureWriter {
public:
  SignatureWriter(func::FuncOp graph, dlc::MemoryPlan &memory, const dlc::VariableTable &variables)
      : graph(graph), memory(memory), variables(variables), entry(memory.getEntry()),
        symbolNames(entry.shapes.getSymbols()), results(entry.getReturn().getOperands()), builder(graph) {}

  dlc::ProgramSignature write(AffineExpr workspaceBytes) {
    numberTensors();
    llvm::SmallVector<llvm::StringRef> roles{"dlc.workspace", "dlc.constants", "dlc.prepared"};
    if (readsVariables || writesVariables)
      roles.push_back("dlc.variables");
    Type bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    llvm::SmallVector<Type> types(signature.firstBlock + roles.size(), bytes);
    types.append(symbolNames.size(), builder.getIndexType());
    program = func::FuncOp::create(builder, graph.getLoc(), graph.getName(), builder.getFunctionType(types, {}));
    signature.function = program;
    program.addEntryBlock();
    attributes.emplace(program);
    describeInputs();
    describeOutputs();
    for (auto [i, role] : llvm::enumerate(roles))
      attributes->setArgAttr(signature.firstBlock + i, role, builder.getUnitAttr());
    describeSymbols(signature.firstBlock + roles.size());
    attributes->finish();
    if (readsVariables)
      program->setAttr("dlc.reads_variables", builder.getUnitAttr());
    if (writesVariables)
      program->setAttr("dlc.writes_variables", builder.getUnitAttr());
    if (variables.readsDerived(graph))
      program->setAttr("dlc.reads_derived", builder.getUnitAttr());
    carryExtentChecks();
    program->setAttr("dlc.entry", builder.getStringAttr(graph.getName()));
    program->setAttr("dlc.workspace_bytes", makeMap({workspaceBytes}));
    return signature;
  }

private:
  /// Variables come in one block, all other tensors as arguments of their own, and what has only extents not at all.
  void numberTensors() {
    unsigned inputs = graph.getNumArguments();
    for (unsigned i = 0; i < inputs + results.size(); ++i) {
      bool isInput = i < inputs;
      bool isVariable =
          (isInput ? dlc::getVariableOfArgument(graph, i) : dlc::getVariableOfResult(graph, i - inputs)) != nullptr;
      bool isPassed = !isVariable && !(isInput && graph.getArgAttr(i, dlc::elementsAttribute));
      signature.tensorNumbers.push_back(isPassed ? signature.firstBlock++ : 0);
      readsVariables |= isVariable && isInput;
      writesVariables |= isVariable && !isInput;
    }
  }

  AffineMapAttr makeMap(llvm::ArrayRef<AffineExpr> exprs) {
    return AffineMapAttr::get(AffineMap::get(0, symbolNames.size(), exprs, graph.getContext()));
  }

  void describe(unsigned argument, llvm::StringRef role, const llvm::Twine &name, Value tensor) {
    attributes->setArgAttr(argument, role, builder.getStringAttr(name));
    attributes->setArgAttr(argument, "dlc.tensor", TypeAttr::get(tensor.getType()));
    attributes->setArgAttr(argument, "dlc.dims", makeMap(entry.getDims(tensor)));
  }

  void describeInputs() {
    for (unsigned i = 0; i < graph.getNumArguments(); ++i) {
      if (dlc::getVariableOfArgument(graph, i) || graph.getArgAttr(i, dlc::elementsAttribute))
        continue;
      unsigned argument = signature.tensorNumbers[i];
      if (auto state = graph.getArgAttrOfType<StringAttr>(i, "dlc.state"))
        describe(argument, "dlc.state", state.getValue(), graph.getArgument(i));
      else if (auto name = graph.getArgAttrOfType<StringAttr>(i, "dlc.name"))
        describe(argument, "dlc.input", name.getValue(), graph.getArgument(i));
      else
        describe(argument, "dlc.input", "input" + llvm::Twine(i), graph.getArgument(i));
      if (llvm::is_contained(memory.getStatesInPlace(), graph.getArgument(i)))
        attributes->setArgAttr(argument, "dlc.in_place", builder.getUnitAttr());
      for (llvm::StringRef note : {"dlc.checks", "dlc.hyperparameter", "dlc.label"})
        if (Attribute attribute = graph.getArgAttr(i, note))
          attributes->setArgAttr(argument, note, attribute);
    }
  }

  void describeOutputs() {
    for (unsigned i = 0; i < results.size(); ++i) {
      if (dlc::getVariableOfResult(graph, i))
        continue;
      unsigned argument = signature.tensorNumbers[graph.getNumArguments() + i];
      if (auto state = graph.getResultAttrOfType<StringAttr>(i, "dlc.state")) {
        describe(argument, "dlc.next_state", state.getValue(), results[i]);
        continue;
      }
      if (auto name = graph.getResultAttrOfType<StringAttr>(i, "dlc.name"))
        describe(argument, "dlc.output", name.getValue(), results[i]);
      else
        describe(argument, "dlc.output", "output" + llvm::Twine(i), results[i]);
      if (graph.getResultAttr(i, "dlc.kept"))
        attributes->setArgAttr(argument, "dlc.kept", builder.getUnitAttr());
    }
  }

  /// The symbols' bounds that the frontend knows are attributes beside the graph.
  void describeSymbols(unsigned firstArgument) {
    auto bound = [&](llvm::StringRef table, llvm::StringRef symbol, int64_t otherwise) {
      auto bounds = graph->getAttrOfType<DictionaryAttr>(table);
      auto value = bounds ? bounds.getAs<IntegerAttr>(symbol) : IntegerAttr();
      return value ? value : builder.getI64IntegerAttr(otherwise);
    };
    llvm::StringMap<DenseI64ArrayAttr> elements = findElements();
    for (auto [i, symbol] : llvm::enumerate(symbolNames)) {
      attributes->setArgAttr(firstArgument + i, "dlc.symbol", builder.getStringAttr(symbol));
      attributes->setArgAttr(firstArgument + i, "dlc.minimum", bound("dlc.minimums", symbol, 0));
      attributes->setArgAttr(firstArgument + i, "dlc.maximum", bound("dlc.maximums", symbol, largestExtent));
      if (DenseI64ArrayAttr element = elements.lookup(symbol))
        attributes->setArgAttr(firstArgument + i, "dlc.element", element);
      // What the program itself computes, and at most this.
      dlc::SymbolBounds bounds = entry.shapes.getBounds();
      if (i < bounds.size() && bounds[i])
        attributes->setArgAttr(firstArgument + i, "dlc.bound", makeMap({bounds[i]}));
    }
  }

  /// For each symbol that is an element of an input: the program's argument, the position there, and 1 or -1.
  llvm::StringMap<DenseI64ArrayAttr> findElements() {
    llvm::StringMap<unsigned> inputs;
    for (unsigned i = 0; i < graph.getNumArguments(); ++i)
      if (auto name = graph.getArgAttrOfType<StringAttr>(i, "dlc.name"))
        inputs[name.getValue()] = signature.tensorNumbers[i];
    llvm::StringMap<DenseI64ArrayAttr> elements;
    for (unsigned i = 0; i < graph.getNumArguments(); ++i) {
      auto name = graph.getArgAttrOfType<StringAttr>(i, dlc::elementsAttribute);
      auto dims = graph.getArgAttrOfType<ArrayAttr>(i, "dlc.dims");
      if (!name || !dims)
        continue;
      auto input = inputs.find(name.getValue());
      int64_t argument = input == inputs.end() ? -1 : static_cast<int64_t>(input->second);
      for (auto [position, symbol] : llvm::enumerate(dims.getAsRange<StringAttr>()))
        elements[symbol.getValue()] =
            builder.getDenseI64ArrayAttr({argument, static_cast<int64_t>(position / 2), position % 2 ? -1 : 1});
    }
    return elements;
  }

  /// The checks of `--dlc-check-extents`, over the program's symbols.
  void carryExtentChecks() {
    auto all = graph->getAttrOfType<DictionaryAttr>("dlc.extent_checks");
    if (!all)
      return;
    llvm::SmallVector<AffineExpr> own;
    for (auto name : all.getAs<ArrayAttr>("symbols").getAsRange<StringAttr>())
      own.push_back(
          getAffineSymbolExpr(llvm::find(symbolNames, name.getValue()) - symbolNames.begin(), graph.getContext()));
    llvm::SmallVector<Attribute> checks;
    for (auto check : all.getAs<ArrayAttr>("checks").getAsRange<DictionaryAttr>()) {
      llvm::SmallVector<AffineExpr> values;
      for (AffineExpr value : check.getAs<AffineMapAttr>("values").getValue().getResults())
        values.push_back(value.replaceSymbols(own));
      NamedAttrList changed(check);
      changed.set("values", makeMap(values));
      checks.push_back(changed.getDictionary(graph.getContext()));
    }
    program->setAttr("dlc.extent_checks", builder.getArrayAttr(checks));
  }

  func::FuncOp graph;
  dlc::MemoryPlan &memory;
  const dlc::VariableTable &variables;
  dlc::Frame &entry;
  llvm::ArrayRef<std::string> symbolNames;
  OperandRange results;
  OpBuilder builder;
  func::FuncOp program;
  std::optional<dlc::SignatureBuilder> attributes; ///< of the program's arguments
  dlc::ProgramSignature signature;
  bool readsVariables = false, writesVariables = false;
};

} // namespace

dlc::ProgramSignature dlc::createProgram(func::FuncOp graph, MemoryPlan &memory, const VariableTable &variables,
                                         AffineExpr workspaceBytes) {
  return SignatureWriter(graph, memory, variables).write(workspaceBytes);
}
