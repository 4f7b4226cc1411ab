# Arrow C++ as the `pyarrow` wheel of the building interpreter ships it.
#
# Defines the imported targets Arrow::arrow and Arrow::python, which link by full
# path, because the wheel has versioned library names only.
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c
          "import pyarrow; print(pyarrow.get_include()); print(pyarrow.get_library_dirs()[0]); print(pyarrow.__version__)"
  OUTPUT_VARIABLE pyarrow_facts
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" pyarrow_facts "${pyarrow_facts}")
list(GET pyarrow_facts 0 PYARROW_INCLUDE_DIR)
list(GET pyarrow_facts 1 PYARROW_LIBRARY_DIR)
list(GET pyarrow_facts 2 PYARROW_VERSION)
string(REGEX MATCH "^[0-9]+" pyarrow_major "${PYARROW_VERSION}")

function(springald_import_arrow target library)
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${PYARROW_LIBRARY_DIR}/${library}.so.${pyarrow_major}00"
    INTERFACE_INCLUDE_DIRECTORIES "${PYARROW_INCLUDE_DIR}")
endfunction()

springald_import_arrow(Arrow::arrow libarrow)
springald_import_arrow(Arrow::compute libarrow_compute)
springald_import_arrow(Arrow::python libarrow_python)
