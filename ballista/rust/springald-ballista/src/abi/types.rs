//! Which types columns may have that go to a function.

use datafusion::arrow::datatypes::{DataType, Field};

/// Whether a column of the type `given` is one of the type `expected`. Names inside of lists
/// and maps are of no account: writers of files call the same thing "item" or "element",
/// "entries" or "key_value". Nor does it matter that there are no nulls inside.
pub fn fits(expected: &DataType, given: &DataType) -> bool {
    use DataType as T;
    match (expected, given) {
        (T::List(a), T::List(b))
        | (T::LargeList(a), T::LargeList(b))
        | (T::ListView(a), T::ListView(b))
        | (T::LargeListView(a), T::LargeListView(b)) => field_fits(a, b),
        (T::FixedSizeList(a, size), T::FixedSizeList(b, other)) => {
            size == other && field_fits(a, b)
        }
        (T::Struct(a), T::Struct(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| a.name() == b.name() && field_fits(a, b))
        }
        (T::Map(a, sorted), T::Map(b, others_sorted)) => {
            (!sorted || *others_sorted) && entries_fit(a.data_type(), b.data_type())
        }
        (T::Dictionary(keys, a), T::Dictionary(other_keys, b)) => {
            keys == other_keys && fits(a, b)
        }
        (T::RunEndEncoded(ends, a), T::RunEndEncoded(other_ends, b)) => {
            ends.data_type() == other_ends.data_type() && field_fits(a, b)
        }
        (a, b) => a == b,
    }
}

fn field_fits(expected: &Field, given: &Field) -> bool {
    (expected.is_nullable() || !given.is_nullable())
        && fits(expected.data_type(), given.data_type())
}

/// Of maps: a struct of key, which is never null, and value.
fn entries_fit(expected: &DataType, given: &DataType) -> bool {
    match (expected, given) {
        (DataType::Struct(a), DataType::Struct(b)) if a.len() == 2 && b.len() == 2 => {
            fits(a[0].data_type(), b[0].data_type()) && field_fits(&a[1], &b[1])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn field(name: &str, data_type: DataType, nullable: bool) -> Arc<Field> {
        Arc::new(Field::new(name, data_type, nullable))
    }

    fn map(entries: &str, value: DataType) -> DataType {
        let fields = vec![
            field("key", DataType::Utf8, false),
            field("value", value, true),
        ];
        DataType::Map(
            field(entries, DataType::Struct(fields.into()), false),
            false,
        )
    }

    #[test]
    fn names_inside_of_lists_and_maps_are_of_no_account() {
        let item = DataType::List(field("item", DataType::Int64, true));
        let element = DataType::List(field("element", DataType::Int64, true));
        assert!(fits(&item, &element));
        assert!(fits(
            &map("entries", item.clone()),
            &map("key_value", element)
        ));
        let other = DataType::List(field("item", DataType::Int32, true));
        assert!(!fits(&item, &other));
        assert!(!fits(&map("entries", item), &map("entries", other)));
    }

    #[test]
    fn names_of_structs_count() {
        let of = |name| DataType::Struct(vec![field(name, DataType::Int64, true)].into());
        assert!(fits(&of("a"), &of("a")));
        assert!(!fits(&of("a"), &of("b")));
    }

    #[test]
    fn a_promise_of_no_nulls_is_not_made_up() {
        let with = DataType::FixedSizeList(field("item", DataType::Int64, true), 2);
        let without = DataType::FixedSizeList(field("item", DataType::Int64, false), 2);
        assert!(fits(&with, &without));
        assert!(!fits(&without, &with));
    }
}
