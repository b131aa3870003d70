//! Makes `OUT_DIR/services.rs` from `models/*.json`: one module a service with types and facts.

mod facts;
mod model;
mod names;
mod types;

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use model::Service;

fn main() -> Result<(), Box<dyn Error>> {
    let models = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../models");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", models.display());
    let mut code = String::new();
    let mut services = Vec::new();
    for path in model_files(&models)? {
        let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a model's name is not UTF-8")?;
        let service: Service = serde_json::from_str(&std::fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        write_module(&mut code, name, &service)?;
        services.push(format!("&{name}::FACTS"));
    }
    writeln!(code, "/// All services, in the order of their names.")?;
    writeln!(
        code,
        "pub fn services() -> &'static [&'static ServiceFacts] {{\n    static ALL: &[&ServiceFacts] = &[{}];\n    ALL\n}}",
        services.join(", ")
    )?;
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("services.rs"), code)?;
    Ok(())
}

fn model_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

fn write_module(code: &mut String, name: &str, service: &Service) -> Result<(), Box<dyn Error>> {
    let version = &service.metadata.api_version;
    writeln!(code, "/// {}, API version {version}.", service.metadata.service_id)?;
    writeln!(code, "pub mod {name} {{")?;
    types::write(code, name, service)?;
    facts::write(code, name, service)?;
    writeln!(code, "}}\n")?;
    Ok(())
}
