// RUN: dlc-opt %s --dlc-lower-entry-points --split-input-file --verify-diagnostics

// expected-error @+1 {{the program has no entry point}}
module {
}

// -----

module {
  // expected-error @+1 {{argument 0 of an entry point has no role}}
  func.func @run(%x: memref<?xi8>) attributes {dlc.entry = #dlc.entry_point<name = "run">} {
    return
  }
}

// -----

module {
  // expected-error @+1 {{writes the state 's', which no argument brings}}
  func.func @run(%x: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = next_state, name = "s", tensor = tensor<2xf32>, dims = affine_map<() -> (2)>>}) attributes {dlc.entry = #dlc.entry_point<name = "run">} {
    return
  }
}

// -----

module {
  // expected-error @+1 {{a tensor of 4294967296 elements is too large for a kernel}}
  dlc.kernel_func @relu kind(elementwise) {
  ^bb0(%a: tensor<65536x65536xf32>):
    %r = dlc.relu %a : tensor<65536x65536xf32> -> tensor<65536x65536xf32>
    dlc.yield %r : tensor<65536x65536xf32>
  }
  func.func @run(%x: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}) attributes {dlc.entry = #dlc.entry_point<name = "run">} {
    return
  }
}
