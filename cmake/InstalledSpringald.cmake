# The `springald` wheel of the building interpreter, for what is built on top of it.
#
# Defines the imported targets Springald::runtime and Springald::codec; both bring
# springald/abi.h. Call PyArrow.cmake first. Fails where springald is missing or has
# another version than SPRINGALD_VERSION: the two are built from one tree.
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "\
import importlib.metadata, importlib.util, os; \
print(os.path.dirname(importlib.util.find_spec('springald').origin)); \
print(importlib.metadata.version('springald'))"
  OUTPUT_VARIABLE springald_facts RESULT_VARIABLE springald_missing
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(springald_missing)
  message(FATAL_ERROR "${Python_EXECUTABLE} has no springald, which springald-ballista "
    "is built on: pip install .. first, and build with --no-build-isolation")
endif()
string(REPLACE "\n" ";" springald_facts "${springald_facts}")
list(GET springald_facts 0 springald_folder)
list(GET springald_facts 1 springald_found)
if(NOT springald_found VERSION_EQUAL SPRINGALD_VERSION)
  message(FATAL_ERROR "springald-ballista ${SPRINGALD_VERSION} needs springald "
    "${SPRINGALD_VERSION}, and ${springald_found} is installed in ${springald_folder}: "
    "pip install .. first")
endif()

function(springald_import_installed target library)
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${springald_folder}/${library}.so"
    IMPORTED_SONAME "${library}.so"
    # Not linked: only to let the linker find what the library itself needs.
    IMPORTED_LINK_DEPENDENT_LIBRARIES "${ARGN}"
    INTERFACE_INCLUDE_DIRECTORIES "${springald_folder}/include")
endfunction()

springald_import_installed(Springald::runtime libspringald
  Arrow::arrow Arrow::compute Arrow::python)
springald_import_installed(Springald::codec libspringald_codec Arrow::arrow)
