# SPDX-License-Identifier: Apache-2.0
"""The f32 form of a model that quantizes while it runs: what it would compute with the same integer weights and unrounded activations."""
import onnx
from onnx import TensorProto, helper


class FloatForm:
    """Rewrites DynamicQuantizeLinear to scale 1 and zero point 0, and integer products and LSTMs to those of floating point."""

    def __init__(self, model):
        self.model, self.nodes, self.count = model, [], 0
        self.floors = {}
        self.constants = {i.name: i for i in model.graph.initializer}

    def emit(self, op, inputs, output=None, **attributes):
        self.count += 1
        output = output or f"float_form_{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, kind, value):
        return self.emit("Constant", [], value=helper.make_tensor("", kind, [], [value]))

    def without_zero_point(self, name, zero_point, axis_first=False):
        """`name` as f32, less its zero point: one number, or one per column (or per row)."""
        value = self.emit("Cast", [name], to=TensorProto.FLOAT)
        if not zero_point:
            return value
        zero = self.emit("Cast", [zero_point], to=TensorProto.FLOAT)
        if axis_first:
            rank = len(self.constants[name].dims)
            shape = self.emit("Constant", [], value=helper.make_tensor("", TensorProto.INT64, [rank], [-1] + [1] * (rank - 1)))
            zero = self.emit("Reshape", [zero, shape])
        return self.emit("Sub", [value, zero])

    def visit(self, node):
        inputs = list(node.input) + [""] * (12 - len(node.input))
        if node.op_type == "DynamicQuantizeLinear":
            self.emit("Identity", [inputs[0]], node.output[0])
            self.emit("Identity", [self.constant(TensorProto.FLOAT, 1.0)], node.output[1])
            self.emit("Identity", [self.constant(TensorProto.FLOAT, 0.0)], node.output[2])
        elif node.op_type in ("ConvInteger", "MatMulInteger"):
            data = self.without_zero_point(inputs[0], inputs[2])
            weights = self.without_zero_point(inputs[1], inputs[3], node.op_type == "ConvInteger")
            product = helper.make_node(node.op_type.removesuffix("Integer"), [data, weights], list(node.output))
            product.attribute.extend(node.attribute)
            self.nodes.append(product)
        elif node.op_type == "DynamicQuantizeLSTM":
            weights = []
            for matrix, scale, zero in ((inputs[1], inputs[8], inputs[9]), (inputs[2], inputs[10], inputs[11])):
                # W: [directions, inputs, 4 units]; the scale is one per direction, or one per direction and column.
                parts = [self.emit("Cast", [part], to=TensorProto.FLOAT) for part in (matrix, zero, scale)]
                if len(self.constants[scale].dims) < 3:
                    rows = self.emit("Constant", [], value=helper.make_tensor("", TensorProto.INT64, [3], [self.constants[scale].dims[0], 1, -1]))
                    parts[1:] = [self.emit("Reshape", [part, rows]) for part in parts[1:]]
                value = self.emit("Mul", [self.emit("Sub", parts[:2]), parts[2]])
                weights.append(self.emit("Transpose", [value], perm=[0, 2, 1]))
            cell = helper.make_node("LSTM", [inputs[0], *weights, *inputs[3:8]], list(node.output))
            cell.attribute.extend(node.attribute)
            self.nodes.append(cell)
        elif node.op_type == "Cast" and inputs[0] in self.floors:  # an old quantizer's bias, in units of the product
            self.emit("Identity", [self.floors[inputs[0]]], node.output[0])
        else:
            if node.op_type == "Floor":
                self.floors[node.output[0]] = inputs[0]
            self.nodes.append(node)


def float_form(source, path):
    """Writes the f32 form of the model `source` to `path`; returns whether it differs."""
    model = onnx.load(str(source))
    kinds = {node.op_type for node in model.graph.node}
    if not kinds & {"DynamicQuantizeLinear", "DynamicQuantizeLSTM"}:
        return False
    form = FloatForm(model)
    for node in model.graph.node:
        form.visit(node)
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(form.nodes)
    onnx.save(model, str(path))
    return True
