// RUN: dlc-opt %s --dlc-lower-entry-points --split-input-file --verify-diagnostics

// expected-error @+1 {{the program has no entry point}}
module {
}

// -----

module {
  // expected-error @+1 {{argument 0 of an entry point has no role}}
  func.func @run(%x: memref<?xi8>) attributes {dlc.entry = "run"} {
    return
  }
}

// -----

module {
  // expected-error @+1 {{tensor 'x' needs the attributes dlc.tensor and dlc.dims}}
  func.func @run(%x: memref<?xi8> {dlc.input = "x"}) attributes {dlc.entry = "run"} {
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
  func.func @run(%x: memref<?xi8> {dlc.workspace}) attributes {dlc.entry = "run"} {
    return
  }
}
