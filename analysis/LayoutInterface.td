// SPDX-License-Identifier: Apache-2.0
// How the kernels of a target read and write tensors.
#ifndef DLC_LAYOUT_INTERFACE
#define DLC_LAYOUT_INTERFACE

include "mlir/IR/OpBase.td"

def Dlc_LayoutOpInterface : OpInterface<"LayoutOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Ops that want tensors in layouts of their own. A backend attaches it to ops; all others read and write row-major
    tensors, or follow the layout of their operands (`Dlc_FollowsLayout`).
  }];
  let methods = [
    InterfaceMethod<[{
        The layouts in which the op, which no kernel contains yet, is computed fastest. All machines of a library share
        them.
      }],
      "::dlc::LayoutPlan", "planLayouts", (ins "const ::dlc::LayoutQuery &":$query)>
  ];
}

#endif // DLC_LAYOUT_INTERFACE
