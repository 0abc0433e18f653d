import { render } from "preact";
import { App, applyTheme } from "./app";
import { start } from "./live";
import { language } from "./texts";
import "./style.css";

document.documentElement.lang = language;
applyTheme();
start();
const root = document.getElementById("app");
if (root) render(<App />, root);
