// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportOnnx.h"
#include "frontend/onnx/GraphImporter.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

FailureOr<dlc::ImportedModel> dlc::importOnnx(StringRef path, MLIRContext *context, const ImportOptions &options) {
  context->loadDialect<DlcDialect, func::FuncDialect>();
  FailureOr<std::shared_ptr<onnx_import::ModelFile>> file = onnx_import::ModelFile::open(path, context);
  if (failed(file))
    return failure();
  FailureOr<ImportedModel> model = onnx_import::GraphImporter(*file, context, options).run();
  if (succeeded(model) && failed(verify(*model->module)))
    return failure();
  return model;
}
