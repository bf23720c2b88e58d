// SPDX-License-Identifier: Apache-2.0
// A loop over sequences is a `Scan`, whose body reads captures from the outer scope. One that only counts,
// or may stop, is a `Loop`.
#include "formats/onnx/OpEmitters.h"
#include "ir/Names.h"
#include "ir/OpsControl.h"

using namespace mlir;

namespace dlc::onnx_export {

namespace {

class LoopNodes {
public:
  LoopNodes(LoopOp loop, GraphWriter &writer)
      : loop(loop), writer(writer), body(writer.getScope(), graph, *loop.getBody(), writer.getShapes(), &writer) {}

  LogicalResult build() {
    std::string layer = getLayerName(loop.getLoc());
    graph.set_name(writer.makeName(layer.empty() ? "loop" : layer));
    // The step may have no ops, after which its nodes would be named.
    body.begin(*loop);
    return loop.mayEndEarly() || loop.getScanInputs().empty() ? buildLoop() : buildScan();
  }

private:
  void addInput(BlockArgument argument, llvm::StringRef role) {
    std::string name = writer.makeName(role);
    body.setName(argument, name);
    body.describe(*graph.add_input(), name, argument.getType(), body.getDims(argument));
  }

  /// Outputs of a body are results of its own nodes, each of them once.
  void addOutput(Value value) {
    std::string name = body.add("Identity", {body.getName(value)});
    body.describe(*graph.add_output(), name, value.getType(), body.getDims(value));
  }

  void describeNumber(onnx::ValueInfoProto &info, const std::string &name, int32_t type) {
    info.set_name(name);
    auto &tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
  }

  Names getOperands() {
    Names inputs;
    for (Value value : loop.getInitialValues())
      inputs.push_back(writer.getName(value));
    return inputs;
  }

  LogicalResult buildScan() {
    // The number of the step is one more loop-carried value.
    bool counts = !loop.getStepNumber().use_empty();
    Names inputs = getOperands();
    for (BlockArgument argument : loop.getRegionIterArgs())
      addInput(argument, "loop_carried");
    if (counts) {
      inputs.push_back(writer.makeInt(0));
      addInput(loop.getStepNumber(), "step");
    }
    for (Value value : loop.getScanInputs())
      inputs.push_back(writer.getName(value));
    for (BlockArgument argument : loop.getScanSlices())
      addInput(argument, "scan_input");
    if (failed(writeOps(body)))
      return failure();
    size_t loopCarried = loop.getInitialValues().size(), scanOutputs = loop.getScanOutputs().size();
    for (Value value : loop.getNextValues())
      addOutput(value);
    if (counts) {
      std::string next = body.add("Add", {body.getName(loop.getStepNumber()), writer.makeInt(1)});
      describeNumber(*graph.add_output(), next, onnx::TensorProto::INT64);
    }
    for (Value value : loop.getOutputSlices())
      addOutput(value);
    auto directions = [&](size_t count) { return std::vector<int64_t>(count, loop.getReverse() ? 1 : 0); };
    NodeAttributes attributes{{"body", std::move(graph)},
                              {"num_scan_inputs", int64_t(loop.getScanInputs().size())},
                              {"scan_input_directions", directions(loop.getScanInputs().size())}};
    if (scanOutputs)
      attributes.push_back({"scan_output_directions", directions(scanOutputs)});
    Names results = writer.addNode("Scan", inputs, loopCarried + counts + scanOutputs, std::move(attributes));
    if (counts)
      results.erase(results.begin() + loopCarried);
    for (auto [result, name] : llvm::zip(loop.getOutputs(), results))
      writer.finish(result, name);
    return success();
  }

  /// Element `position` of a sequence of dimension 0.
  void takeStep(BlockArgument argument, Value sequence, const std::string &position) {
    body.setName(argument, body.add("Gather", {writer.getName(sequence), position}, {{"axis", int64_t(0)}}));
  }

  LogicalResult buildLoop() {
    if (loop.getReverse())
      return loop.emitError("a loop that counts backwards, or stops while it runs backwards, has no form in ONNX");
    std::string step = writer.makeName("step"), goesOn = writer.makeName("goes_on");
    describeNumber(*graph.add_input(), step, onnx::TensorProto::INT64);
    describeNumber(*graph.add_input(), goesOn, onnx::TensorProto::BOOL);
    body.setName(loop.getStepNumber(), step);
    for (BlockArgument argument : loop.getRegionIterArgs())
      addInput(argument, "loop_carried");
    for (auto [argument, sequence] : llvm::zip(loop.getScanSlices(), loop.getScanInputs()))
      takeStep(argument, sequence, step);
    if (failed(writeOps(body)))
      return failure();
    size_t loopCarried = loop.getInitialValues().size(), scanOutputs = loop.getScanOutputs().size();
    std::string condition =
        loop.getStops() ? body.add("Not", {body.getName(loop.getStop())}) : body.add("Identity", {goesOn});
    describeNumber(*graph.add_output(), condition, onnx::TensorProto::BOOL);
    for (Value value : loop.getNext().getValues().take_front(loopCarried + scanOutputs))
      addOutput(value);
    std::string steps = loop.getScanInputs().empty()
                            ? writer.makeInt(loop.getTripCount().value_or(0))
                            : writer.add("Squeeze", {writer.makeExtent(writer.getDims(loop.getScanInputs()[0])[0]),
                                                     writer.makeInts({0})});
    std::string most = loop.getLimit() ? writer.add("Min", {steps, writer.getName(loop.getLimit())}) : steps;
    Names inputs{most, writer.makeScalar(1, IntegerType::get(loop.getContext(), 1))};
    llvm::append_range(inputs, getOperands());
    // Without scan outputs, a separate count says how many steps ran.
    bool counts = loop.mayEndEarly() && !loop.getStepCount().use_empty();
    if (counts) {
      std::string next = body.add("Reshape", {body.add("Add", {step, writer.makeInt(1)}), writer.makeInts({1})});
      onnx::ValueInfoProto &info = *graph.add_output();
      describeNumber(info, next, onnx::TensorProto::INT64);
      info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(1);
    }
    Names results = writer.addNode("Loop", inputs, loopCarried + scanOutputs + counts, {{"body", std::move(graph)}});
    if (loop.mayEndEarly())
      for (size_t i = 0; i < scanOutputs; ++i)
        results[loopCarried + i] = padSteps(results[loopCarried + i], steps, loop.getScanOutputs()[i]);
    for (auto [result, name] : llvm::zip(loop.getOutputs().take_front(loopCarried + scanOutputs), results))
      writer.finish(result, name);
    if (counts)
      writer.finish(loop.getStepCount(), writer.add("Squeeze", {countSteps(results.back()), writer.makeInts({0})}));
    return success();
  }

  /// How many steps ran, as a list of one number: the first extent of the scan outputs.
  std::string countSteps(const std::string &scanOutput) {
    return writer.add("Shape", {scanOutput}, {{"start", int64_t(0)}, {"end", int64_t(1)}});
  }

  /// Scan outputs are zero after the loop has stopped.
  std::string padSteps(const std::string &scanOutput, const std::string &steps, Value value) {
    std::string missing = writer.add("Sub", {steps, countSteps(scanOutput)});
    int64_t rank = llvm::cast<RankedTensorType>(value.getType()).getRank();
    llvm::SmallVector<int64_t> before(rank, 0), after(rank - 1, 0);
    Names pads{writer.makeInts(before), missing};
    if (rank > 1)
      pads.push_back(writer.makeInts(after));
    return writer.add("Pad", {scanOutput, writer.add("Concat", pads, {{"axis", int64_t(0)}})});
  }

  LoopOp loop;
  GraphWriter &writer;
  onnx::GraphProto graph;
  GraphWriter body;
};

} // namespace

LogicalResult emitLoop(LoopOp loop, GraphWriter &writer) { return LoopNodes(loop, writer).build(); }

} // namespace dlc::onnx_export
