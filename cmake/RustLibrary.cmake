# libspringald_ballista.so, the Rust glue, as the imported target Springald::ballista.
#
# cargo is asked at every build and knows itself what is fresh; the folders that it uses
# are explained in tools/rust.sh. SPRINGALD_BALLISTA_LIBRARY takes its place.
add_library(Springald::ballista SHARED IMPORTED GLOBAL)
if(SPRINGALD_BALLISTA_LIBRARY)
  set(glue "${SPRINGALD_BALLISTA_LIBRARY}")
else()
  set(cargo_folder "${PROJECT_BINARY_DIR}/cargo")
  set(glue "${cargo_folder}/release/libspringald_ballista.so")
  add_custom_target(springald_glue ALL
    COMMAND "${CMAKE_COMMAND}" -E env "CARGO_TARGET_DIR=${cargo_folder}"
      "SPRINGALD_CARGO_LOG=${cargo_folder}/build.log"
      sh "${SPRINGALD_ROOT}/tools/rust.sh" cargo
      build --release --locked --lib -p springald-ballista
    COMMAND "${Python_EXECUTABLE}" "${SPRINGALD_ROOT}/tools/rust_notices.py"
      "${cargo_folder}/THIRD-PARTY.txt"
    BYPRODUCTS "${glue}" "${cargo_folder}/THIRD-PARTY.txt"
    COMMENT "Building libspringald_ballista.so with cargo: ${cargo_folder}/build.log"
    USES_TERMINAL VERBATIM)
  add_dependencies(Springald::ballista springald_glue)
  install(FILES "${cargo_folder}/THIRD-PARTY.txt" DESTINATION springald_ballista)
endif()
set_target_properties(Springald::ballista PROPERTIES
  IMPORTED_LOCATION "${glue}"
  # rustc gives a cdylib no soname; without this the linker would record its path.
  IMPORTED_NO_SONAME ON
  INTERFACE_INCLUDE_DIRECTORIES "${PROJECT_SOURCE_DIR}/include")
install(FILES "${glue}" DESTINATION springald_ballista)
