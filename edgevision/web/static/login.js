import { byId, post } from "./dom.js";

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password } = Object.fromEntries(new FormData(event.target));
  try {
    const answer = await post("/api/v1/login", { name, password });
    if (answer.status === 200) location.assign("/");
    else byId("answer").textContent = answer.error;
  } catch (error) {
    byId("answer").textContent = `no answer: ${error.message}`;
  }
});
