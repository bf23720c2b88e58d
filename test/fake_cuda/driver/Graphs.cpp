// SPDX-License-Identifier: Apache-2.0
// Graphs made by capturing a stream: their nodes run in the order in which they were captured, which is one that their
// dependencies allow.
#include "test/fake_cuda/driver/Streams.h"
#include <algorithm>
#include <cstring>

using namespace fake_cuda;

struct CUgraphNode_st {
  Work work;
};
struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};
struct CUgraphExec_st {
  std::vector<Work> work;
  std::vector<const CUgraphNode_st *> nodes; // of the graph that it was made from, in order
};

namespace {
/// CUDA_KERNEL_NODE_PARAMS of version 2.
struct KernelNodeParameters {
  CUfunction function;
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  void **parameters, **extra;
  void *kernel;
  CUcontext context;
};

/// CUgraphExecUpdateResultInfo: what cuGraphExecUpdate_v2 says about a failure.
struct UpdateResult {
  int result; // 0 success, 3 topology, 4 node type, 5 function
  CUgraphNode errorNode, errorFromNode;
};

CUresult launchNow(CUgraphExec graph) {
  for (const Work &work : graph->work)
    if (CUresult error = work.run())
      return error;
  return Success;
}

bool mayReplace(const Work &before, const Work &after) {
  return before.kind == after.kind && (before.kind != Work::Kernel || before.launch->kernel == after.launch->kernel);
}
} // namespace

extern "C" {

CUresult cuStreamBeginCapture_v2(CUstream handle, int mode) {
  Call call("cuStreamBeginCapture_v2");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (!stream)
    return InvalidHandle;
  if (reinterpret_cast<uint64_t>(handle) <= 2) // the default stream cannot be captured
    return StreamCaptureUnsupported;
  if (stream->capture || mode < 0 || mode > 2)
    return mode < 0 || mode > 2 ? InvalidValue : IllegalState;
  stream->capture = std::make_shared<Capture>();
  stream->capture->origin = handle;
  return Success;
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  Call call("cuStreamEndCapture");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (!stream || !stream->capture)
    return stream ? IllegalState : InvalidHandle;
  std::shared_ptr<Capture> capture = stream->capture;
  if (capture->origin != handle)
    return 905; // CUDA_ERROR_STREAM_CAPTURE_UNMATCHED: ended on another stream than it began on
  for (CUstream each : driver().streams)
    if (each->capture == capture)
      each->capture = nullptr;
  *graph = nullptr;
  if (capture->isInvalid)
    return StreamCaptureInvalidated;
  *graph = new CUgraph_st;
  for (Work &work : capture->work) {
    (*graph)->nodes.push_back(std::make_unique<CUgraphNode_st>());
    (*graph)->nodes.back()->work = std::move(work);
  }
  return Success;
}

CUresult cuStreamIsCapturing(CUstream handle, int *status) {
  Call call("cuStreamIsCapturing");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (!stream)
    return InvalidHandle;
  *status = !stream->capture ? 0 : stream->capture->isInvalid ? 2 : 1;
  return Success;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *result, CUgraph graph, unsigned long long) {
  Call call("cuGraphInstantiateWithFlags");
  if (call.error)
    return call.error;
  if (!graph)
    return InvalidValue;
  *result = new CUgraphExec_st;
  for (const auto &node : graph->nodes) {
    (*result)->work.push_back(node->work);
    (*result)->nodes.push_back(node.get());
  }
  return Success;
}

CUresult cuGraphUpload(CUgraphExec graph, CUstream) {
  Call call("cuGraphUpload");
  return call.error ? call.error : graph ? Success : InvalidValue;
}

CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
  Call call("cuGraphLaunch");
  if (call.error)
    return call.error;
  if (!graph)
    return InvalidValue;
  // A launch runs the graph as it is now, whatever is updated before the stream gets there.
  Work work;
  work.kind = Work::ChildGraph;
  work.run = [copy = std::make_shared<CUgraphExec_st>(*graph)] { return launchNow(copy.get()); };
  return enqueue(stream, std::move(work));
}

CUresult cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph, void *information) {
  Call call("cuGraphExecUpdate_v2");
  if (call.error)
    return call.error;
  UpdateResult result{};
  if (exec->work.size() != graph->nodes.size()) {
    result.result = 3;
  } else {
    for (size_t i = 0; i < exec->work.size() && result.result == 0; ++i)
      if (!mayReplace(exec->work[i], graph->nodes[i]->work)) {
        result.result = exec->work[i].kind == graph->nodes[i]->work.kind ? 5 : 4;
        result.errorNode = graph->nodes[i].get();
      }
  }
  if (information)
    memcpy(information, &result, sizeof result);
  if (result.result)
    return GraphExecUpdateFailure;
  for (size_t i = 0; i < exec->work.size(); ++i)
    exec->work[i] = graph->nodes[i]->work;
  return Success;
}

CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
  Call call("cuGraphGetNodes");
  if (call.error)
    return call.error;
  if (nodes)
    for (size_t i = 0; i < std::min(*count, graph->nodes.size()); ++i)
      nodes[i] = graph->nodes[i].get();
  *count = graph->nodes.size();
  return Success;
}

CUresult cuGraphNodeGetType(CUgraphNode node, int *type) {
  Call call("cuGraphNodeGetType");
  if (!call.error)
    *type = node->work.kind;
  return call.error;
}

CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node, const void *newParameters) {
  Call call("cuGraphExecKernelNodeSetParams_v2");
  if (call.error)
    return call.error;
  auto found = std::find(exec->nodes.begin(), exec->nodes.end(), node);
  const auto &given = *static_cast<const KernelNodeParameters *>(newParameters);
  if (found == exec->nodes.end() || node->work.kind != Work::Kernel || !given.function || !given.parameters)
    return InvalidValue;
  const Kernel &kernel = *given.function->kernel;
  auto launch = std::make_shared<KernelLaunch>();
  launch->module = given.function->module;
  launch->kernel = &kernel;
  launch->shape.grid[0] = given.gridX;
  launch->shape.grid[1] = given.gridY;
  launch->shape.grid[2] = given.gridZ;
  launch->shape.block[0] = given.blockX;
  launch->shape.block[1] = given.blockY;
  launch->shape.block[2] = given.blockZ;
  launch->shape.dynamicSharedBytes = given.sharedBytes;
  launch->shape.isCooperative = node->work.launch->shape.isCooperative;
  launch->parameters.resize(kernel.parameterBytes);
  for (size_t i = 0; i < kernel.parameters.size(); ++i)
    memcpy(&launch->parameters[kernel.parameters[i].offset], given.parameters[i], kernel.parameters[i].bytes);
  Work &work = exec->work[static_cast<size_t>(found - exec->nodes.begin())];
  work.launch = launch;
  work.run = [launch] { return execute(*launch); };
  return Success;
}

CUresult cuGraphExecDestroy(CUgraphExec graph) {
  Call call("cuGraphExecDestroy");
  if (call.error)
    return call.error;
  delete graph;
  return Success;
}

CUresult cuGraphDestroy(CUgraph graph) {
  Call call("cuGraphDestroy");
  if (call.error)
    return call.error;
  delete graph;
  return Success;
}

} // extern "C"
