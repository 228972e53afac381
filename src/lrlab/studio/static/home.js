import { byId } from "./building.js";
import { gallery } from "./gallery.js";

gallery(byId("gallery")).catch((error) => {
  byId("wrong").textContent = error.message;
});
