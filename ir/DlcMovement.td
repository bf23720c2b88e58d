// SPDX-License-Identifier: Apache-2.0
// The class of ops that move elements without computing new ones.
#ifndef DLC_MOVEMENT
#define DLC_MOVEMENT

include "ir/DlcBase.td"

class Dlc_Movement<string opMnemonic, string text, dag operandsAndAttributes, list<Trait> traits = []>
    : Dlc_GraphOp<opMnemonic, traits> {
  let summary = text;
  let arguments = operandsAndAttributes;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
}

#endif // DLC_MOVEMENT
