import protobuf from 'protobufjs/light.js';

/** Version of the ONNX file format that is written; 9 came with ONNX 1.15, together with opset 20. */
export const IR_VERSION = 9;
/** Version of the operator set: the first one with Gelu. */
export const OPSET = 20;

/** TensorProto.DataType of the element types in use. */
export const DATA_TYPE = { float: 1, int32: 6, int64: 7, bool: 9 } as const;
/** AttributeProto.AttributeType of the attributes in use. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

function repeated(type: string, id: number): protobuf.IField {
  return { rule: 'repeated', type, id };
}

function single(type: string, id: number): protobuf.IField {
  return { type, id };
}

const MODEL_HEADER_FIELDS = {
  irVersion: single('int64', 1),
  opsetImport: repeated('OperatorSetIdProto', 8),
  producerName: single('string', 2),
  metadataProps: repeated('StringStringEntryProto', 14),
};

/** The messages of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) and their fields that are in use. */
const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: { fields: { ...MODEL_HEADER_FIELDS, graph: single('GraphProto', 7) } },
    // The same message without its graph: a reader skips the field it does not know, and with it every weight.
    ModelHeader: { fields: MODEL_HEADER_FIELDS },
    OperatorSetIdProto: { fields: { domain: single('string', 1), version: single('int64', 2) } },
    StringStringEntryProto: { fields: { key: single('string', 1), value: single('string', 2) } },
    GraphProto: {
      fields: {
        node: repeated('NodeProto', 1),
        name: single('string', 2),
        initializer: repeated('TensorProto', 5),
        input: repeated('ValueInfoProto', 11),
        output: repeated('ValueInfoProto', 12),
      },
    },
    NodeProto: {
      fields: {
        input: repeated('string', 1),
        output: repeated('string', 2),
        name: single('string', 3),
        opType: single('string', 4),
        attribute: repeated('AttributeProto', 5),
      },
    },
    AttributeProto: {
      fields: {
        name: single('string', 1),
        type: single('int32', 20),
        f: single('float', 2),
        i: single('int64', 3),
        s: single('bytes', 4),
        ints: repeated('int64', 8),
      },
    },
    TensorProto: {
      fields: {
        dims: repeated('int64', 1),
        dataType: single('int32', 2),
        name: single('string', 8),
        rawData: single('bytes', 9),
      },
    },
    ValueInfoProto: { fields: { name: single('string', 1), type: single('TypeProto', 2) } },
    TypeProto: {
      fields: { tensorType: single('Tensor', 1) },
      nested: { Tensor: { fields: { elemType: single('int32', 1), shape: single('TensorShapeProto', 2) } } },
    },
    TensorShapeProto: {
      fields: { dim: repeated('Dimension', 1) },
      nested: { Dimension: { fields: { dimValue: single('int64', 1), dimParam: single('string', 2) } } },
    },
  },
});

export const ModelProto = root.lookupType('ModelProto');
export const ModelHeader = root.lookupType('ModelHeader');
