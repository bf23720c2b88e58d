// SPDX-License-Identifier: Apache-2.0
/// \file
/// All kinds of nodes.
#ifndef DLC_FRONTEND_JSON_NODEKINDS_H
#define DLC_FRONTEND_JSON_NODEKINDS_H

#include "frontend/json/NodeContext.h"

namespace dlc::json {

llvm::ArrayRef<NodeKind> getNodeKinds();
/// The kind called `name`, or null.
const NodeKind *findNodeKind(llvm::StringRef name);
/// One element of `nodes`.
RulePtr getNodeRule();

// The families, each in its own file.
void addElementwiseNodes(std::vector<NodeKind> &kinds);
void addLinearNodes(std::vector<NodeKind> &kinds);
void addAttentionNodes(std::vector<NodeKind> &kinds);
void addWindowNodes(std::vector<NodeKind> &kinds);
void addNormalizationNodes(std::vector<NodeKind> &kinds);
void addQuantizationNodes(std::vector<NodeKind> &kinds);
void addRecurrentNodes(std::vector<NodeKind> &kinds);
void addReductionNodes(std::vector<NodeKind> &kinds);
void addShapeNodes(std::vector<NodeKind> &kinds);
void addSelectionNodes(std::vector<NodeKind> &kinds);
void addControlNodes(std::vector<NodeKind> &kinds);
void addTrainingNodes(std::vector<NodeKind> &kinds);
void addLossNodes(std::vector<NodeKind> &kinds);
void addCustomNodes(std::vector<NodeKind> &kinds);
/// All ops of ONNX that are not among `kinds` yet.
void addOnnxNodes(std::vector<NodeKind> &kinds);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_NODEKINDS_H
