"""What the API can say: types, inputs, enums, scalars, errors, unions. No I/O, no decisions."""
