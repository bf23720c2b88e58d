# SPDX-License-Identifier: Apache-2.0
"""A trainable model, small enough to be read: four features, three classes, squared error, momentum."""

PRODUCT = """
  %w = dlc.load_parameter @dense.weight : tensor<3x4xf32>
  %score = dlc.matmul %x, %w {transpose_rhs = true} : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x3xf32>
"""

LOSS = """
  %difference = dlc.sub %score, %y : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %square = dlc.mul %difference, %difference : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %loss = dlc.reduce mean %square {axes = array<i64: 0, 1>} : tensor<?x3xf32> -> tensor<f32>
"""

X = '%x: tensor<?x4xf32> {dlc.dims = ["N", 4], dlc.name = "x"}'
Y = '%y: tensor<?x3xf32> {dlc.dims = ["N", 3], dlc.name = "y", dlc.label}'
RATE = '%rate: tensor<f32> {dlc.name = "learning_rate", dlc.hyperparameter = 0.01 : f64}'

MODEL = f"""
dlc.parameter @dense.weight : tensor<3x4xf32> = dense<0.1> : tensor<3x4xf32>
dlc.parameter @dense.weight.velocity : tensor<3x4xf32> = dense<0.0> : tensor<3x4xf32> {{kind = "slot"}}
func.func @predict({X}) -> (tensor<?x3xf32> {{dlc.name = "score"}}) {{{PRODUCT}
  return %score : tensor<?x3xf32>
}}
func.func @evaluate({X}, {Y}) -> (tensor<f32> {{dlc.name = "loss"}}, tensor<?x3xf32> {{dlc.name = "score"}}) {{{PRODUCT}{LOSS}
  return %loss, %score : tensor<f32>, tensor<?x3xf32>
}}
func.func @train_step({X}, {Y}, {RATE}) -> (tensor<f32> {{dlc.name = "loss"}}) {{{PRODUCT}{LOSS}
  %v = dlc.load_parameter @dense.weight.velocity : tensor<3x4xf32>
  %gradient = dlc.gradient %loss with_respect_to(%w : tensor<3x4xf32>) : tensor<f32>
  %momentum = dlc.constant dense<0.9> : tensor<f32> : tensor<f32>
  %kept = dlc.mul %v, %momentum : (tensor<3x4xf32>, tensor<f32>) -> tensor<3x4xf32>
  %velocity = dlc.add %kept, %gradient : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %step = dlc.mul %velocity, %rate : (tensor<3x4xf32>, tensor<f32>) -> tensor<3x4xf32>
  %next = dlc.sub %w, %step : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  dlc.assign @dense.weight, %next : tensor<3x4xf32>
  dlc.assign @dense.weight.velocity, %velocity : tensor<3x4xf32>
  return %loss : tensor<f32>
}}
"""


def points(np, rows=200, seed=0):
    """Three clouds: features and classes."""
    generator = np.random.default_rng(seed)
    centres = np.array([[3, 0, 1, 0], [0, 3, 0, 1], [-2, -2, 1, 2]])
    classes = generator.integers(0, 3, rows)
    return centres[classes] + generator.normal(size=(rows, 4)) * 0.7, classes


def reference(np, batches, rate=0.01):
    """The weights after these steps, in f64."""
    w, v = np.full((3, 4), 0.1), np.zeros((3, 4))
    for x, y in batches:
        v = 0.9 * v + 2 / (len(x) * 3) * (x @ w.T - y).T @ x
        w = w - rate * v
    return w
