//! Makes a build that embeds the console notice that the console was built anew.

fn main() {
    println!("cargo:rerun-if-changed=../../console/dist");
}
