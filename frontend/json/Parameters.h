// SPDX-License-Identifier: Apache-2.0
/// \file
/// The parameters of a model: symbols of its module that all entry points share.
#ifndef DLC_FRONTEND_JSON_PARAMETERS_H
#define DLC_FRONTEND_JSON_PARAMETERS_H

#include "frontend/json/WeightSource.h"
#include "ir/DlcDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc::json {

class Parameters {
public:
  /// With `isTrained`, parameters whose values are given by no file and not in the model have their initializer instead
  /// of a value.
  Parameters(mlir::ModuleOp module, WeightSource &source, Reporter &reporter, bool isTrained)
      : module(module), source(source), reporter(reporter), isTrained(isTrained) {}

  /// Loads a parameter at `location`; the first request for a name declares it. Even without proper values, which have
  /// been reported, something of the right type comes back, so that the shapes of what follows can be checked in the
  /// same run.
  mlir::Value load(const ParameterRequest &request, mlir::OpBuilder &builder, mlir::Location location);
  WeightSource &getSource() { return source; }
  /// The type of a parameter that was loaded before; null if there was none.
  mlir::RankedTensorType getType(llvm::StringRef name) const { return types.lookup(name); }

private:
  mlir::ModuleOp module;
  WeightSource &source;
  Reporter &reporter;
  bool isTrained;
  llvm::StringMap<mlir::RankedTensorType> types;
  mlir::Operation *last = nullptr; ///< the parameter declared last; parameters are in order before the functions
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_PARAMETERS_H
