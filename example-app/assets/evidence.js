// Shows the chosen picture before it is sent.
const picture = document.getElementById('picture')
const preview = document.getElementById('preview')
const noPreview = document.getElementById('no-preview')

picture.addEventListener('change', () => {
  const [file] = picture.files
  if (preview.src) URL.revokeObjectURL(preview.src)
  if (file) preview.src = URL.createObjectURL(file)
  preview.hidden = !file
  noPreview.hidden = Boolean(file)
})
