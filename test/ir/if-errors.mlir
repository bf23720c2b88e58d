// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @rank(%c: tensor<1xi1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{needs a condition of rank 0, got 'tensor<1xi1>'}}
  %0 = dlc.if %c : tensor<1xi1> -> tensor<8xf32> {
    dlc.end_if %x : tensor<8xf32>
  } else {
    dlc.end_if %x : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// -----

func.func @results(%c: tensor<i1>, %x: tensor<8xf32>, %y: tensor<4xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{successor operand type #0 'tensor<4xf32>' should match successor input type #0 'tensor<8xf32>'}}
  %0 = dlc.if %c : tensor<i1> -> tensor<8xf32> {
    dlc.end_if %x : tensor<8xf32>
  } else {
    // expected-note @+1 {{region branch point}}
    dlc.end_if %y : tensor<4xf32>
  }
  return %0 : tensor<8xf32>
}

// -----

func.func private @fast(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @body(%c: tensor<i1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{has a branch of type '(tensor<4xf32>) -> tensor<4xf32>', expected '(tensor<8xf32>) -> tensor<8xf32>'}}
  %0 = dlc.outlined_if %c @fast @fast captures(%x : tensor<8xf32>) : tensor<i1> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @missing(%c: tensor<i1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{has no branch: there is no function @nowhere}}
  %0 = dlc.outlined_if %c @nowhere @nowhere captures(%x : tensor<8xf32>) : tensor<i1> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @limit(%n: tensor<1xi64>, %x: tensor<8xf32>) -> (tensor<8xf32>, tensor<i64>) {
  // expected-error @+1 {{has a limit of type 'tensor<1xi64>', expected tensor<i64>}}
  %0, %1 = dlc.loop init(%x : tensor<8xf32>) scan() limit(%n : tensor<1xi64>) {trip_count = 5 : i64} -> tensor<8xf32>, tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: tensor<8xf32>):
    dlc.next %before : tensor<8xf32>
  }
  return %0, %1 : tensor<8xf32>, tensor<i64>
}
