//! Several definitions under one name, each for another list of argument types.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::TypeSignature;

use crate::abi::{Definition, fits};

/// What the engine is told about the arguments: it takes the types as they are where a
/// definition has them, and else the first definition that it can convert them for.
pub fn signature_of(definitions: &[Arc<Definition>]) -> TypeSignature {
    let mut signatures: Vec<_> = definitions
        .iter()
        .map(|definition| exact(argument_types(definition)))
        .collect();
    let has_names_inside = definitions
        .iter()
        .flat_map(|definition| definition.arguments())
        .any(|field| field.data_type().is_nested());
    if has_names_inside {
        // Asks `PythonUdf::coerce_types`, which takes other names inside of lists.
        signatures.insert(0, TypeSignature::UserDefined);
    }
    match signatures.len() {
        1 => signatures.remove(0),
        _ => TypeSignature::OneOf(signatures),
    }
}

fn exact(types: Vec<DataType>) -> TypeSignature {
    match types.is_empty() {
        true => TypeSignature::Nullary,
        false => TypeSignature::Exact(types),
    }
}

fn argument_types(definition: &Definition) -> Vec<DataType> {
    let fields = definition.arguments().iter();
    fields.map(|field| field.data_type().clone()).collect()
}

/// Returns the definition for arguments of these types, as they are; the one whose types
/// are the very same, if there is one.
pub fn choose<'a>(
    definitions: &'a [Arc<Definition>],
    types: &[DataType],
) -> Option<&'a Arc<Definition>> {
    let find = |takes: fn(&DataType, &DataType) -> bool| {
        definitions.iter().find(|definition| {
            let fields = definition.arguments();
            fields.len() == types.len()
                && fields
                    .iter()
                    .zip(types)
                    .all(|(field, given)| takes(field.data_type(), given))
        })
    };
    find(|expected, given| expected == given).or_else(|| find(fits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::golden;
    use crate::udf::PythonUdf;

    #[test]
    fn the_types_choose_among_definitions() {
        let none = golden("definition_v1_tiny.bin");
        let two = golden("definition_v1_full.bin");
        let definitions = [Arc::clone(&none), Arc::clone(&two)];
        assert_eq!(choose(&definitions, &[]).unwrap().hash(), none.hash());
        let types = argument_types(&two);
        assert_eq!(choose(&definitions, &types).unwrap().hash(), two.hash());
        assert!(choose(&definitions, &types[..1]).is_none());
        assert!(matches!(
            signature_of(&definitions),
            TypeSignature::OneOf(all) if all[0] == TypeSignature::Nullary && all.len() == 2
        ));
    }

    #[test]
    fn one_name_stands_for_definitions_of_that_name() {
        assert!(PythonUdf::overloaded(Vec::new()).is_err());
        let definitions = vec![
            golden("definition_v1_tiny.bin"),
            golden("definition_v1_full.bin"),
        ];
        let error = PythonUdf::overloaded(definitions).unwrap_err().to_string();
        assert!(error.contains("'f', 'domaine_é'"), "{error}");
    }
}
